import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { pendingUnitName } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import { isRecorded } from '../state/pull-records.ts'
import { suspicions } from '../state/unfinished-pulls.ts'

/**
 * Why a stored image may be damaged: the store is suspect, see `suspicions`, and there is no record of exactly this
 * image.
 *
 * @returns the reason, for people; undefined if the image is on disk and synced
 */
export function whyUnverified(boundImage: BoundImage, id: string): string | undefined {
  const [suspicion] = suspicions()
  if (suspicion === undefined) return undefined
  const name = recordName(pendingUnitName(boundImage, boundImage.digest))
  return isRecorded(name, storedName(boundImage), id)
    ? undefined
    : `not checked since ${suspicion.event}`
}
