import { describeError } from '../text/describe-error.ts'
import type { Request } from '../request/request.ts'
import { isPermanentError } from '../host/is-permanent-error.ts'
import { listStore } from '../host/podman.ts'
import { resolveImage, type ResolvedImage } from '../host/skopeo.ts'
import { localLayers } from '../survey/local-layers.ts'
import { storedImages } from '../host/stored-images.ts'
import { rememberDamage } from '../state/unfinished-pulls.ts'
import { mapParallel } from '../map-parallel.ts'
import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { inspectOptions } from '../host/inspect-options.ts'
import { isInRegistry, wantedPlatform } from '../bound-images/platform.ts'
import type { ImageStore } from '../facts/image-store.ts'
import type { PullFacts } from '../facts/facts.ts'
import { pulledImage, storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { whyUnusable } from '../survey/why-unusable.ts'

/** Registries are asked for so many images at once; their answers are small. */
const parallel = 16

/** What was learnt about the images of a deployment. */
export interface Resolution {
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
export async function resolveImages(
  { root, specs, containersDirectory }: Pick<Request, 'root' | 'specs' | 'containersDirectory'>,
  { knowledge, begun, lastDigests, isStaging, pinsTags, isSuspect }: Earlier,
  { imageStore }: Pick<PullFacts, 'imageStore'>,
  mostSeconds: number,
  warn: (line: string) => void,
): Promise<Resolution> {
  const images = new Map(specs.map(({ boundImage }) => [boundImage.identity, boundImage]))
  const learnt = new Map<string, ImageKnowledge>()
  for (const identity of begun)
    if (images.delete(identity)) learnt.set(identity, knowledge.get(identity) ?? {})
  const takePresent = async (all: readonly BoundImage[]) => {
    const { present, rejected } = await lookInStore(all, root, imageStore, isSuspect)
    for (const { identity, digest } of present) learnt.set(identity, { digest, isPresent: true })
    return rejected
  }
  const isOpen = (boundImage: BoundImage) => isStaging && isFloating(boundImage)
  const [moving, fixed] = partition(
    [...images.values()].map(image => withDigest(image, knowledge.get(image.identity)?.digest)),
    isOpen,
  )
  const absent = await takePresent(fixed)
  const open = [...absent.map(({ boundImage }) => boundImage), ...moving]
  if (open.length === 0) return { knowledge: learnt, doubt: undefined }

  const deadline = Date.now() + mostSeconds * 1000
  const [answers, { ids, names }] = await Promise.all([
    mapParallel(open, parallel, boundImage => ask(boundImage, deadline, containersDirectory)),
    listStore(imageStore),
  ])
  const answerOf = new Map(open.map(({ identity }, index) => [identity, answers[index] ?? {}]))
  const digestOf = ({ identity }: BoundImage) =>
    answerOf.get(identity)?.digest ?? lastDigests.get(identity)
  const resolved = open.map(image =>
    pinsTags && isFloating(image) ? withDigest(image, digestOf(image)) : image,
  )
  const [listed, others] = partition(
    resolved,
    image => names.has(storedName(image)) && !isOpen(image),
  )
  const rejected = await takePresent(listed)
  if (rejected.some(({ isDamaged }) => isDamaged)) rememberDamage()
  const missing = [...rejected.map(({ boundImage }) => boundImage), ...others]
  const failure = answers.find(answer => answer.failure !== undefined)?.failure
  if (failure !== undefined) warn(`some images are pulled without a plan: ${failure}`)
  const { knowledge: missed, doubt } = await knowMissing(missing, answerOf, ids, imageStore)
  return { knowledge: new Map([...learnt, ...missed]), doubt }
}

/** Which images are in the store and right, and of the others, which are damaged or not there. */
async function lookInStore(
  images: readonly BoundImage[],
  root: string,
  imageStore: ImageStore,
  isSuspect: Earlier['isSuspect'],
) {
  const stored = await storedImages(images.map(storedName), imageStore)
  const rejected: { readonly boundImage: BoundImage; readonly isDamaged: boolean }[] = []
  const present = images.filter(boundImage => {
    const image = stored.get(storedName(boundImage))
    const isDamaged = image === undefined || isSuspect(boundImage, image.id)
    const isPresent = !isDamaged && whyUnusable(boundImage, image, root, imageStore) === undefined
    if (!isPresent) rejected.push({ boundImage, isDamaged })
    return isPresent
  })
  return { present, rejected }
}

/**
 * What is known about the images to pull.
 *
 * @param answerOf what the registries said, by identity of the image
 * @param ids of the images in the store
 */
async function knowMissing(
  missing: readonly BoundImage[],
  answerOf: ReadonlyMap<string, Answer>,
  ids: ReadonlySet<string>,
  imageStore: ImageStore,
): Promise<Resolution> {
  // Only now, because it can take a process for each image in the store.
  const isWorth = missing.some(({ identity }) => answerOf.get(identity)?.layers !== undefined)
  const local = isWorth ? await localLayers(imageStore, ids) : noLayers
  const knowledge = missing.map(({ identity, digest }): [string, ImageKnowledge] => {
    const { layers, failure } = answerOf.get(identity) ?? {}
    return [
      identity,
      {
        digest,
        layers: layers?.filter(layer => !local.digests.has(layer.digest)),
        isHopeless: failure !== undefined && isPermanentError(failure),
      },
    ]
  })
  return { knowledge: new Map(knowledge), doubt: local.failure }
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
