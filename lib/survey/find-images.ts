import type { Request } from '../request/request.ts'
import { requireSameStore } from '../request/store-mounts.ts'
import type { Plan, Pull } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import { recordedVerification, type Verification } from '../state/pull-records.ts'
import { isForPlatform, otherPlatform, whyUnusable } from './why-unusable.ts'
import { whyUnverified } from './why-unverified.ts'
import { wantedPlatform } from '../bound-images/platform.ts'
import { storedName } from '../bound-images/bound-image.ts'
import { storedContents, type Stores } from './stored-contents.ts'

/** Whether an image is on disk and synced; `unverified` means that it may be damaged, see `suspicions`. */
export type Presence = 'present' | 'unverified' | 'missing'

/** What the store has for a bound image. */
export interface FoundImage {
  readonly presence: Presence
  /** Its ID; undefined if it is missing. */
  readonly id: string | undefined
  /** What its pull has proven; undefined if it is missing, or was not pulled by this product. */
  readonly verification?: Verification | undefined
  /** Why the stored image of this name does not count as present, for people; undefined if there is none. */
  readonly why?: string | undefined
}

/**
 * Finds out which images are on disk and synced. Asks only podman, in one process unless an image is missing. If the
 * store is suspect, an image counts only with a record, see `suspicions`.
 *
 * @throws Error if the store is not the one that staging saw
 */
export async function findImages(
  request: Pick<Request, 'root' | 'store'>,
  { pulls }: Plan,
  stores: Stores,
): Promise<readonly FoundImage[]> {
  requireSameStore()
  const stored = await storedContents(
    pulls.map(({ boundImage }) => boundImage),
    stores,
  )
  const contested = contestedNames(pulls)
  return pulls.map(({ unit, boundImage }) => {
    const name = storedName(boundImage)
    const image = stored.get(boundImage.identity)
    if (image === undefined)
      return { presence: 'missing', id: undefined, why: request.store?.obstacle }
    const unusable =
      contested.has(name) && !isForPlatform(boundImage, image)
        ? `specs want this name for several platforms, and the image is ${otherPlatform(boundImage, image)}: name each image by its own digest`
        : whyUnusable(boundImage, image, request)
    if (unusable !== undefined) return { presence: 'missing', id: undefined, why: unusable }
    const { id } = image
    const why = whyUnverified(boundImage, id)
    if (why !== undefined) return { presence: 'unverified', id, why }
    const verification = recordedVerification(recordName(unit), name, id)
    return { presence: 'present', id, verification }
  })
}

/** Names that specs want for several platforms. In the store, a name refers to only one image. */
function contestedNames(pulls: readonly Pull[]): ReadonlySet<string> {
  const platforms = new Map<string, Set<string>>()
  for (const { boundImage } of pulls) {
    if (boundImage.isArtifact) continue
    const name = storedName(boundImage)
    const wanted = platforms.get(name) ?? new Set()
    platforms.set(name, wanted.add(JSON.stringify(wantedPlatform(boundImage.options))))
  }
  return new Set([...platforms].filter(([, { size }]) => size > 1).map(([name]) => name))
}

/** Whether all images are on disk and synced. */
export function areAllPresent(found: readonly FoundImage[]): boolean {
  return found.every(({ presence }) => presence === 'present')
}
