import { describeError } from '../text/describe-error.ts'
import type { Request } from '../generate.ts'
import { listStore } from '../host/podman.ts'
import { localLayers, resolveImage, type ResolvedImage } from '../host/skopeo.ts'
import { storedImages } from '../host/stored-images.ts'
import { rememberDamage } from '../host/unfinished-pulls.ts'
import { mapParallel } from '../map-parallel.ts'
import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'
import { mayMove } from '../plan/may-move.ts'
import { inspectOptions, isInRegistry, wantedPlatform } from '../render/inspect-options.ts'
import type { PullFacts } from '../render/render-units.ts'
import { pulledImage, storedName, type BoundImage } from '../spec/bound-image.ts'
import { willDo } from '../survey/find-images.ts'

/** Registries are asked for so many images at once; their answers are small. */
const parallel = 16

/** What the last error says when no further try can help; see units/give-up. */
const refusals =
  /(?:manifest|name) unknown|repository name not known|denied|unauthorized|authentication required|is blocked in|rejected by policy/u

/** What was learnt about the images of a deployment. */
export interface Learnt {
  readonly knowledge: Knowledge
  /** Why some of what is to be downloaded may be in the store all the same; undefined when that is known. */
  readonly doubt: string | undefined
}

/** What is known before. */
export interface Earlier {
  /** What stays known about an image; a digest that its name had before is kept. */
  readonly knowledge: Knowledge
  /** Identities of the images whose pull was begun for this staging: they keep what was planned. */
  readonly begun: ReadonlySet<string>
  /**
   * What names meant at the last look at the deployment, for when nobody answers. Also of a pull that failed: to wait
   * for an answer is better than to take an older image for it.
   */
  readonly lastDigests: ReadonlyMap<string, string>
  /** Whether tags must be looked up, because the deployment is being staged. */
  readonly isStaging: boolean
  /** Whether what a tag means now must not move it, because the running system may use it for another image. */
  readonly pinsTags: boolean
  /** Whether what has the name and the id of an image may be damaged. */
  readonly isSuspect: (boundImage: BoundImage, id: string) => boolean
}

/**
 * Finds out what helps to pull the images of a deployment: which of them are there, and of the others, what the
 * registries have for their names and which layers are missing. Registries are asked in parallel, within
 * a time limit. What is not answered is pulled all the same.
 *
 * @param mostSeconds the limit
 * @param warn takes a line for people
 */
export async function learn(
  { root, specs, containersDirectory }: Pick<Request, 'root' | 'specs' | 'containersDirectory'>,
  { knowledge, begun, lastDigests, isStaging, pinsTags, isSuspect }: Earlier,
  { imageStore }: Pick<PullFacts, 'imageStore'>,
  mostSeconds: number,
  warn: (line: string) => void,
): Promise<Learnt> {
  const learnt = new Map<string, ImageKnowledge>()
  const asked = new Map<string, BoundImage>()
  for (const { boundImage } of specs) {
    const { identity } = boundImage
    const entry = knowledge.get(identity) ?? {}
    if (begun.has(identity)) learnt.set(identity, entry)
    else asked.set(identity, withDigest(boundImage, entry.digest))
  }
  const takePresent = (images: Iterable<BoundImage>) => {
    const all = [...images]
    const stored = storedImages(all.map(storedName), imageStore)
    return all.flatMap(boundImage => {
      const image = stored.get(storedName(boundImage))
      const isDamaged = image === undefined || isSuspect(boundImage, image.id)
      const isPresent = !isDamaged && willDo(boundImage, image, root, imageStore)
      if (isPresent) learnt.set(boundImage.identity, { digest: boundImage.digest, isPresent })
      return isPresent ? [] : [{ boundImage, isDamaged }]
    })
  }
  const isOpen = (boundImage: BoundImage) => isStaging && mayMove(boundImage)
  const [moving, fixed] = partition(asked.values(), isOpen)
  const open = [...takePresent(fixed).map(({ boundImage }) => boundImage), ...moving]
  if (open.length === 0) return { knowledge: learnt, doubt: undefined }

  const deadline = Date.now() + mostSeconds * 1000
  const [answers, { ids, names }] = await Promise.all([
    mapParallel(open, parallel, boundImage => ask(boundImage, deadline, containersDirectory)),
    listStore(imageStore),
  ])
  const answerOf = new Map(open.map(({ identity }, index) => [identity, answers[index] ?? {}]))
  const resolved = open.map(boundImage => {
    const { identity } = boundImage
    return pinsTags && mayMove(boundImage)
      ? withDigest(boundImage, answerOf.get(identity)?.digest ?? lastDigests.get(identity))
      : boundImage
  })
  const [listed, others] = partition(
    resolved,
    image => names.has(storedName(image)) && !isOpen(image),
  )
  const rejected = takePresent(listed)
  if (rejected.some(({ isDamaged }) => isDamaged)) rememberDamage()
  const missing = [...rejected.map(({ boundImage }) => boundImage), ...others]
  const failure = answers.find(({ failure: why }) => why !== undefined)?.failure
  if (failure !== undefined) warn(`some images are pulled without a plan: ${failure}`)
  // Only now, because it can take a process for each image in the store.
  const isWorth = missing.some(({ identity }) => answerOf.get(identity)?.layers !== undefined)
  const local = isWorth ? await localLayers(imageStore, ids) : noLayers
  for (const { identity, digest } of missing) {
    const { layers, failure: why } = answerOf.get(identity) ?? {}
    learnt.set(identity, {
      digest,
      layers: layers?.filter(layer => !local.digests.has(layer.digest)),
      isHopeless: why !== undefined && refusals.test(why),
    })
  }
  return { knowledge: learnt, doubt: local.failure }
}

function partition<T>(all: Iterable<T>, test: (each: T) => boolean): readonly [T[], T[]] {
  const parts: [T[], T[]] = [[], []]
  for (const each of all) parts[test(each) ? 0 : 1].push(each)
  return parts
}

const noLayers = { digests: new Set<string>(), failure: undefined }

/** Of a registry, about one image. */
interface Answer {
  readonly digest?: string | undefined
  readonly layers?: ResolvedImage['layers'] | undefined
  /** Why there is none, when that was to be expected. */
  readonly failure?: string | undefined
}

async function ask(
  boundImage: BoundImage,
  deadline: number,
  containersDirectory: string | undefined,
): Promise<Answer> {
  if (!isInRegistry(boundImage.image) || deadline <= Date.now()) return {}
  try {
    const limits = { deadline, containersDirectory }
    const { options } = boundImage
    return await resolveImage(
      pulledImage(boundImage),
      inspectOptions(options),
      wantedPlatform(options),
      limits,
    )
  } catch (error) {
    return { failure: `${boundImage.name}: ${describeError(error)}` }
  }
}

function withDigest(boundImage: BoundImage, digest: string | undefined): BoundImage {
  return digest === undefined ? boundImage : { ...boundImage, digest }
}
