import { isRecorded } from '../host/pull-records.ts'
import { storedImages } from '../host/stored-images.ts'
import { suspectPulls } from '../host/unfinished-pulls.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import type { PullFacts } from '../render/render-units.ts'
import { storedName } from '../spec/bound-image.ts'

/** Whether an image is safely on disk; `unverified` is one that a power failure may have damaged. */
export type Presence = 'present' | 'unverified' | 'missing'

/** An image in the store, if it is there. */
export interface FoundImage {
  readonly presence: Presence
  /** Its id. */
  readonly id: string | undefined
}

/**
 * Which images are safely on disk, asked of podman alone and in one process unless one is missing. When the
 * host went down in the middle of pulls, an image counts only with a record of the very same id, because that
 * is written after a sync.
 */
export function findImages(
  pulls: readonly Pull[],
  { imageStore }: Pick<PullFacts, 'imageStore'>,
): readonly FoundImage[] {
  const stored = storedImages(
    pulls.map(({ boundImage }) => storedName(boundImage)),
    imageStore,
  )
  const isSuspect = suspectPulls().length > 0
  return pulls.map(({ unit, boundImage }) => {
    const id = stored.get(storedName(boundImage))?.id
    if (id === undefined) return { presence: 'missing', id }
    const isSafe = !isSuspect || isRecorded(recordName(unit), storedName(boundImage), id)
    return { presence: isSafe ? 'present' : 'unverified', id }
  })
}

/** Whether every one of them is safely on disk. */
export function areAllPresent(found: readonly FoundImage[]): boolean {
  return found.every(({ presence }) => presence === 'present')
}
