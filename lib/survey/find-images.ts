import type { Request } from '../request/request.ts'
import { isRecorded } from '../state/pull-records.ts'
import { storedImages } from '../host/stored-images.ts'
import { interruptedPulls } from '../state/unfinished-pulls.ts'
import type { Plan, Pull } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import { isForPlatform, otherPlatform, whyUnusable } from './why-unusable.ts'
import { wantedPlatform } from '../bound-images/platform.ts'
import type { PullFacts } from '../facts/facts.ts'
import { storedName } from '../bound-images/bound-image.ts'

/** Whether an image is on disk and synced; `unverified` means that a power failure may have damaged it. */
export type Presence = 'present' | 'unverified' | 'missing'

/** What the store has for a bound image. */
export interface FoundImage {
  readonly presence: Presence
  /** Its ID; undefined if it is missing. */
  readonly id: string | undefined
  /** Why the stored image of this name does not count as present, for people; undefined if there is none. */
  readonly why?: string | undefined
}

/**
 * Finds out which images are on disk and synced. Asks only podman, in one process unless an image is missing. If the
 * host went down during pulls, an image counts only with a record of the same ID, because a record is written after a
 * sync.
 */
export async function findImages(
  request: Pick<Request, 'root' | 'store'>,
  { pulls }: Plan,
  { imageStore }: Pick<PullFacts, 'imageStore'>,
): Promise<readonly FoundImage[]> {
  const stored = await storedImages(
    pulls.map(({ boundImage }) => storedName(boundImage)),
    imageStore,
  )
  const isSuspect = interruptedPulls().length > 0
  const contested = contestedNames(pulls)
  return pulls.map(({ unit, boundImage }) => {
    const name = storedName(boundImage)
    const image = stored.get(name)
    if (image === undefined)
      return { presence: 'missing', id: undefined, why: request.store?.obstacle }
    const why =
      contested.has(name) && !isForPlatform(boundImage, image)
        ? `specs want this name for several platforms, and the image is ${otherPlatform(boundImage, image)}: name each image by its own digest`
        : whyUnusable(boundImage, image, request)
    if (why !== undefined) return { presence: 'missing', id: undefined, why }
    const { id } = image
    return isSuspect && !isRecorded(recordName(unit), name, id)
      ? { presence: 'unverified', id, why: 'the host went down while it was pulled' }
      : { presence: 'present', id }
  })
}

/** Names that specs want for several platforms. In the store, a name refers to only one image. */
function contestedNames(pulls: readonly Pull[]): ReadonlySet<string> {
  const platforms = new Map<string, Set<string>>()
  for (const { boundImage } of pulls) {
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
