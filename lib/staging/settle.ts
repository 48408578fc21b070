import { isMarked, unmark } from '../host/dirty-mark.ts'
import { storedIds } from '../host/podman.ts'
import { removeOldRecords } from '../host/pull-records.ts'
import { syncFileSystem } from '../host/sync.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import type { PullFacts } from '../render/render-units.ts'

/**
 * Ends a staging on disk: syncs the store, takes the mark of unfinished pulls away, and deletes records that
 * nothing needs any more. Call it when no pull is under way.
 *
 * @param pulls what was pulled in this boot
 */
export async function settle(
  pulls: readonly Pick<Pull, 'unit'>[],
  { imageStore }: Pick<PullFacts, 'imageStore'>,
): Promise<void> {
  if (!isMarked()) return
  await syncFileSystem(imageStore.directory)
  unmark(pulls.map(({ unit }) => recordName(unit)))
  removeOldRecords(await storedIds(imageStore))
}
