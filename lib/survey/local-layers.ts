import type { ImageStore } from '../facts/image-store.ts'
import { inspectStored } from '../host/skopeo.ts'
import { mapParallel } from '../map-parallel.ts'
import { readLayerCache, writeLayerCache } from '../state/layer-cache.ts'
import { describeError } from '../text/describe-error.ts'

/** Maximum number of local images that are inspected at once. */
const parallel = 4

/** The layers of a store. */
export interface LocalLayers {
  /** Compressed digests. */
  readonly digests: ReadonlySet<string>
  /** Why some images could not be inspected, in which case there may be more layers. */
  readonly failure: string | undefined
}

/**
 * The compressed digests of every layer in a store of podman's. Layers that only share their contents do not
 * count: podman downloads them again.
 *
 * @param ids of the images in the store
 */
export async function localLayers(
  imageStore: ImageStore,
  ids: ReadonlySet<string>,
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
  if (failures.length === 0) writeLayerCache(found)
  return { digests: new Set(found.flatMap(([, digests]) => digests)), failure: failures[0] }
}
