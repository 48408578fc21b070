import { existsSync } from 'node:fs'
import { anyMachineId } from './any-host.ts'
import { describeError } from '../text/describe-error.ts'
import { explain } from '../text/fault.ts'
import { listStore } from '../host/podman.ts'
import { registryFailure } from '../host/registry-failure.ts'
import { inspectImage, requireSkopeo, resolveImage } from '../host/skopeo.ts'
import { localLayers } from '../survey/local-layers.ts'
import { mapParallel } from '../map-parallel.ts'
import { defaultStore } from '../facts/image-store.ts'
import { inspectOptions, type InspectOptions } from '../host/inspect-options.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { placeOf, type Finding } from './finding.ts'
import { hostPlatform, isInRegistry, wantedPlatform } from '../bound-images/platform.ts'
import { withTemporaryCopies } from './temporary-copies.ts'

/** What a registry says about one bound image. */
export interface OnlineImage {
  readonly image: string
  readonly architecture: string
  /** Size of all layers, compressed. */
  readonly bytes: number
  /** Size of the layers that are in the local image store, compressed. Undefined if the store cannot be read. */
  readonly presentBytes: number | undefined
}

export interface OnlineResult {
  readonly images: readonly OnlineImage[]
  readonly findings: readonly Finding[]
}

/** Maximum number of concurrent requests to registries. */
const parallel = 8

/**
 * Asks the registries whether the bound images exist for the wanted architecture, and how large they are. Works in the
 * build of an OS image: without podman, without the right to mount, with a root that cannot be written to.
 */
export async function checkOnline(specs: readonly BoundImageSpec[]): Promise<OnlineResult> {
  const asked = specs.filter(({ boundImage: { image } }) => isInRegistry(image))
  if (asked.length === 0) return { images: [], findings: [] }
  try {
    if (asked.some(({ boundImage: { image } }) => !image.includes(anyMachineId)))
      await requireSkopeo()
  } catch (error) {
    const reason = `no registry was asked: ${describeError(error)}`
    const remedy = 'install skopeo, or leave out --online'
    return { images: [], findings: [{ severity: 'error', reason, remedy }] }
  }
  const { present, finding: storeFinding } = await readStore()
  const answers = await mapParallel(asked, parallel, spec => ask(spec, present))
  return {
    images: answers.flatMap(({ image }) => image ?? []),
    findings: [storeFinding, ...answers.map(({ finding }) => finding)].filter(
      finding => finding !== undefined,
    ),
  }
}

interface StoreAnswer {
  /** Digests of the layers in the local image store. Undefined if it cannot be read. */
  readonly present?: ReadonlySet<string>
  readonly finding?: Finding
}

/** The store only says what need not be downloaded to this machine, so its failure is no mistake of the root. */
async function readStore(): Promise<StoreAnswer> {
  // podman would make it, and it would become part of the OS image.
  if (!existsSync(defaultStore.directory)) return { present: new Set() }
  try {
    const { ids } = await listStore(defaultStore)
    // What a check writes would become part of the OS image that it runs in.
    const { digests, failure } = await localLayers(defaultStore, ids, { keeps: false })
    if (failure !== undefined) throw new Error(failure)
    return { present: digests }
  } catch (error) {
    const reason = `what is already here is unknown: ${describeError(error)}`
    return { finding: { severity: 'note', reason } }
  }
}

interface Answer {
  readonly image?: OnlineImage
  readonly finding?: Finding
}

async function ask(spec: BoundImageSpec, present: StoreAnswer['present']): Promise<Answer> {
  const { image, options, isArtifact } = spec.boundImage
  if (image.includes(anyMachineId)) {
    const reason = 'no registry was asked: with %m, the name of the image differs on each host'
    return { finding: { severity: 'note', ...placeOf(spec), reason } }
  }
  const place = { severity: 'error' as const, ...placeOf(spec) }
  try {
    const files = options.flatMap(option => option.files)
    const { globalOptions, options: words } = inspectOptions(options)
    const inspect = isArtifact ? inspectArtifact : inspectImage
    const { architecture, layers } = await withTemporaryCopies(files, inPlace =>
      inspect(image, { globalOptions, options: words.map(inPlace) }),
    )
    const bytes = sum(layers)
    const presentBytes = present && sum(layers.filter(({ digest }) => present.has(digest)))
    const answer = { image: { image, architecture, bytes, presentBytes } }
    const { architecture: expected } = wantedPlatform(options)
    if (isArtifact || architecture === expected) return answer
    const reason = `${image} is for ${architecture}, not ${expected}`
    return {
      ...answer,
      finding: { ...place, reason, remedy: 'name an image for it, or set Arch=' },
    }
  } catch (error) {
    const { reason, remedy } = registryFailure(describeError(error))
    const found = { reason: `${image}: ${reason}`, remedy: explain(error).remedy ?? remedy }
    return { finding: { ...place, ...found } }
  }
}

/** skopeo refuses to inspect an artifact as it does an image. */
async function inspectArtifact(image: string, options: InspectOptions) {
  const { layers = [] } = await resolveImage(image, options, hostPlatform)
  return { architecture: 'any', layers }
}

function sum(layers: readonly { readonly bytes: number }[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0)
}
