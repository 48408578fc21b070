import type { ImageStore } from '../facts/image-store.ts'
import { inspectStored } from '../host/skopeo.ts'
import { mapParallel } from '../map-parallel.ts'
import { readLayerCache, writeLayerCache } from '../state/layer-cache.ts'
import { describeError } from '../text/describe-error.ts'

/** Maximum number of concurrent skopeo processes. */
const parallel = 4

/** The layers in a store. */
export interface LocalLayers {
  /** Digests of the compressed layers. */
  readonly digests: ReadonlySet<string>
  /** Why some images could not be inspected, so that there may be more layers; undefined if all could. */
  readonly failure: string | undefined
}

/**
 * Reads the digests of all compressed layers in podman's store. A layer with the same contents and another compressed
 * digest does not count, because podman downloads it again.
 *
 * @param ids IDs of the images in the store
 * @param keeps whether what was read is kept for the next time
 */
export async function localLayers(
  imageStore: ImageStore,
  ids: ReadonlySet<string>,
  { keeps = true }: { readonly keeps?: boolean } = {},
): Promise<LocalLayers> {
  const known = readLayerCache()
  const failures: string[] = []
  const found = await mapParallel([...ids], parallel, async id => {
    try {
      return [id, known.get(id) ?? (await inspectStored(id, imageStore))] as const
    } catch (error) {
      failures.push(describeError(error))
      return [id, []] as const
    }
  })
  if (keeps && failures.length === 0) writeLayerCache(found)
  return { digests: new Set(found.flatMap(([, digests]) => digests)), failure: failures[0] }
}
