import type { Request } from '../request/request.ts'
import { isPermanentError } from '../host/is-permanent-error.ts'
import { listStore } from '../host/podman.ts'
import { localLayers } from '../survey/local-layers.ts'
import { storedContents, type Stores } from '../survey/stored-contents.ts'
import { rememberDamage } from '../state/unfinished-pulls.ts'
import type { ImageKnowledge, Knowledge } from '../plan/knowledge.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { artifactStore } from '../facts/image-store.ts'
import { storedBlobs } from '../host/artifact-store.ts'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { partition } from '../partition.ts'
import { findLayers, resolveAll, type Answers } from './ask-registries.ts'
import { whyUnusable } from '../survey/why-unusable.ts'
import { whyUnverified } from '../survey/why-unverified.ts'

/** What the store and the registries say about the images of a deployment. */
export interface Resolution {
  readonly knowledge: Knowledge
  /** Why not all local images could be inspected, so that layers that seem missing may be there; undefined if all were. */
  readonly localFailure: string | undefined
}

/** What earlier runs found out. */
export interface Earlier {
  /** Knowledge that still holds. A name keeps the digest to which it was resolved. */
  readonly knowledge: Knowledge
  /** Identities of the images whose pull has begun for this staging. They keep their plan. */
  readonly begun: ReadonlySet<string>
  /**
   * The digests to which names were last resolved, for when the registry does not answer. Kept even if the pull failed:
   * waiting for that image is better than accepting an older one.
   */
  readonly lastDigests: ReadonlyMap<string, string>
  /** Whether floating tags must be resolved, because the deployment is being staged. */
  readonly isStaging: boolean
  /** Whether to pull by digest, because the running system may use the tag for another image. */
  readonly pinsTags: boolean
}

/**
 * Finds out which images of a deployment are present. For the others, resolves the names to digests and finds the
 * missing layers. Asks registries in parallel, with a timeout. An image without an answer is pulled all the same.
 *
 * @param maxSeconds the timeout
 * @param warn takes a line for people
 */
export async function resolveImages(
  request: Pick<Request, 'root' | 'specs' | 'containersDirectory' | 'store'>,
  { knowledge, begun, lastDigests, isStaging, pinsTags }: Earlier,
  stores: Stores,
  maxSeconds: number,
  warn: (line: string) => void,
): Promise<Resolution> {
  const { specs, containersDirectory } = request
  const { imageStore } = stores
  const images = new Map(specs.map(({ boundImage }) => [boundImage.identity, boundImage]))
  const results = new Map<string, ImageKnowledge>()
  for (const identity of begun)
    if (images.delete(identity)) results.set(identity, knowledge.get(identity) ?? {})
  const takePresent = async (all: readonly BoundImage[]) => {
    const { present, rejected } = await lookInStore(all, request, stores)
    for (const { identity, digest } of present) results.set(identity, { digest, isPresent: true })
    return rejected
  }
  const mustResolve = (boundImage: BoundImage) => isStaging && isFloating(boundImage)
  const [floating, fixed] = partition(
    [...images.values()].map(image => withDigest(image, knowledge.get(image.identity)?.digest)),
    mustResolve,
  )
  const absent = await takePresent(fixed)
  const asked = [...absent.map(({ boundImage }) => boundImage), ...floating]
  if (asked.length === 0) return { knowledge: results, localFailure: undefined }

  const limits = { deadline: Date.now() + maxSeconds * 1000, containersDirectory }
  const [digests, { ids, names }] = await Promise.all([
    resolveAll(asked, limits),
    listStore(imageStore),
  ])
  const digestOf = ({ identity }: BoundImage) =>
    digests.get(identity)?.digest ?? lastDigests.get(identity)
  const resolved = asked.map(image =>
    pinsTags && isFloating(image) ? withDigest(image, digestOf(image)) : image,
  )
  const [listed, others] = partition(
    resolved,
    image => (image.isArtifact || names.has(storedName(image))) && !mustResolve(image),
  )
  const rejected = await takePresent(listed)
  if (rejected.some(({ isDamaged }) => isDamaged)) rememberDamage()
  const missing = [...rejected.map(({ boundImage }) => boundImage), ...others]
  const answers = await findLayers(missing, digests, limits)
  const failure = [...answers.values()].find(answer => answer.failure !== undefined)?.failure
  if (failure !== undefined) warn(`some images are pulled without a plan: ${failure}`)
  const rest = await knowledgeOfMissing(missing, answers, ids, stores)
  return { ...rest, knowledge: new Map([...results, ...rest.knowledge]) }
}

/** Divides images into those that are present and usable, and those to pull. Missing images count as damaged. */
async function lookInStore(
  images: readonly BoundImage[],
  request: Pick<Request, 'root' | 'store'>,
  stores: Stores,
) {
  const stored = await storedContents(images, stores)
  const rejected: { readonly boundImage: BoundImage; readonly isDamaged: boolean }[] = []
  const present = images.filter(boundImage => {
    const image = stored.get(boundImage.identity)
    const isPresent =
      image !== undefined &&
      whyUnverified(boundImage, image.id) === undefined &&
      whyUnusable(boundImage, image, request) === undefined
    if (!isPresent)
      rejected.push({ boundImage, isDamaged: image === undefined && !boundImage.isArtifact })
    return isPresent
  })
  return { present, rejected }
}

/**
 * The knowledge about the images to pull.
 *
 * @param answerOf answers of the registries
 * @param ids IDs of the images in the store
 */
async function knowledgeOfMissing(
  missing: readonly BoundImage[],
  answerOf: Answers,
  ids: ReadonlySet<string>,
  stores: Stores,
): Promise<Resolution> {
  // Read the local layers only if needed, because that can cost one process per image in the store.
  const hasLayers = missing.some(({ identity }) => answerOf.get(identity)?.layers !== undefined)
  const local = hasLayers ? await localLayers(stores.imageStore, ids) : noLayers
  const blobs = storedBlobs(artifactStore(stores))
  const knowledge = missing.map(({ identity, digest, isArtifact }): [string, ImageKnowledge] => {
    const { layers, failure } = answerOf.get(identity) ?? {}
    const stored = isArtifact ? blobs : local.digests
    return [
      identity,
      {
        digest,
        layers: layers?.filter(layer => !stored.has(layer.digest)),
        storedLayers: layers?.map(layer => layer.digest).filter(each => stored.has(each)),
        isRefused: failure !== undefined && isPermanentError(failure),
      },
    ]
  })
  return { knowledge: new Map(knowledge), localFailure: local.failure }
}

const noLayers = { digests: new Set<string>(), failure: undefined }

function withDigest(boundImage: BoundImage, digest: string | undefined): BoundImage {
  return digest === undefined ? boundImage : { ...boundImage, digest }
}
