import { anyMachineId } from './any-host.ts'
import { describeError } from '../text/describe-error.ts'
import { withTemporaryCopies } from '../state/private-files.ts'
import { listStore } from '../host/podman.ts'
import { inspectImage } from '../host/skopeo.ts'
import { localLayers } from '../survey/local-layers.ts'
import { mapParallel } from '../map-parallel.ts'
import { defaultStore } from '../facts/image-store.ts'
import { inspectOptions } from '../host/inspect-options.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { placeOf, type Finding } from './finding.ts'
import { isInRegistry, wantedPlatform } from '../bound-images/platform.ts'

/** What a registry says about one bound image. */
export interface OnlineImage {
  readonly image: string
  readonly architecture: string
  /** Size of all layers, compressed. */
  readonly bytes: number
  /** Size of the layers that are in the local image store, compressed. */
  readonly presentBytes: number
}

export interface OnlineResult {
  readonly images: readonly OnlineImage[]
  readonly findings: readonly Finding[]
}

/** Maximum number of concurrent requests to registries. */
const parallel = 8

/**
 * Asks the registries whether the bound images exist for the wanted architecture, and how large they are.
 */
export async function checkOnline(specs: readonly BoundImageSpec[]): Promise<OnlineResult> {
  const { ids } = await listStore(defaultStore)
  const { digests: present } = await localLayers(defaultStore, ids)
  // Skip images whose name contains the machine ID: they are different on each host.
  const asked = specs.filter(
    ({ boundImage: { image } }) => isInRegistry(image) && !image.includes(anyMachineId),
  )
  const answers = await mapParallel(asked, parallel, spec => ask(spec, present))
  return {
    images: answers.flatMap(({ image }) => image ?? []),
    findings: answers.flatMap(({ finding }) => finding ?? []),
  }
}

async function ask(
  spec: BoundImageSpec,
  present: ReadonlySet<string>,
): Promise<{ image?: OnlineImage; finding?: Finding }> {
  const { image, options } = spec.boundImage
  const place = { severity: 'error' as const, ...placeOf(spec) }
  try {
    const files = options.flatMap(option => option.files)
    const { globalOptions, options: words } = inspectOptions(options)
    const { architecture, layers } = await withTemporaryCopies(files, inPlace =>
      inspectImage(image, { globalOptions, options: words.map(inPlace) }),
    )
    const bytes = sum(layers)
    const presentBytes = sum(layers.filter(({ digest }) => present.has(digest)))
    const answer = { image: { image, architecture, bytes, presentBytes } }
    const { architecture: expected } = wantedPlatform(options)
    if (architecture === expected) return answer
    const reason = `${image} is for ${architecture}, not ${expected}`
    return {
      ...answer,
      finding: { ...place, reason, remedy: 'name an image for it, or set Arch=' },
    }
  } catch (error) {
    const reason = `${image}: ${describeError(error)}`
    return { finding: { ...place, reason, remedy: 'see whether it was pushed and may be read' } }
  }
}

function sum(layers: readonly { readonly bytes: number }[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0)
}
