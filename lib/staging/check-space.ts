import { statfsSync } from 'node:fs'
import type { Request } from '../generate.ts'
import type { Podman } from '../host/podman.ts'
import { inspectImage, localLayers } from '../host/skopeo.ts'
import { mapParallel } from '../map-parallel.ts'
import { judgeSpace, type FreeSpace, type Layer, type SpaceVerdict } from '../plan/disk-space.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { inspectOptions, isInRegistry } from '../render/inspect-options.ts'
import type { PullFacts } from '../render/render-units.ts'

/** Registries are asked for so many images at once. */
const parallel = 8

/**
 * Compares what is to be pulled with the free space. What a registry does not tell in time is left out: this
 * is to spare a host a long download that must fail, and no condition for pulling.
 *
 * @returns what cannot fit and may not fit, if anything
 */
export async function checkSpace(
  pulls: readonly Pull[],
  { containersDirectory }: Pick<Request, 'containersDirectory'>,
  { imageStore, temporaryDirectory, settings: { resolveTimeoutSec } }: PullFacts & Podman,
): Promise<SpaceVerdict> {
  if (resolveTimeoutSec === 0 || pulls.length === 0) return {}
  const deadline = Date.now() + resolveTimeoutSec * 1000
  const asked = pulls.filter(({ boundImage: { image } }) => isInRegistry(image))
  const images = await mapParallel(asked, parallel, async ({ boundImage: { image, options } }) => {
    const seconds = (deadline - Date.now()) / 1000
    if (seconds <= 0) return []
    try {
      const limits = { seconds, containersDirectory }
      return (await inspectImage(image, inspectOptions(options), limits)).layers
    } catch {
      return [] // the pull will say why
    }
  })
  const store = freeSpace(imageStore.directory)
  const temporary = freeSpace(temporaryDirectory)
  const verdict = judgeSpace(images, store, temporary)
  if (verdict.refusal === undefined && verdict.warning === undefined) return verdict
  // Only now, because it takes a process for each image in the store.
  const { digests, failure } = await localLayers(imageStore)
  const { refusal, warning } = judgeSpace(without(images, digests), store, temporary)
  // Some of it may be there already; only what is certain is refused.
  return failure === undefined || refusal === undefined
    ? { ...(refusal && { refusal }), ...(warning && { warning }) }
    : { warning: `${refusal} (not all local images could be looked at: ${failure})` }
}

function without(
  images: readonly (readonly Layer[])[],
  present: ReadonlySet<string>,
): readonly (readonly Layer[])[] {
  return images.map(layers => layers.filter(({ digest }) => !present.has(digest)))
}

function freeSpace(path: string): FreeSpace {
  const { bavail, bsize } = statfsSync(path)
  return { path, bytes: bavail * bsize }
}
