// /run/bootc-bound-images/attempts/UNIT: number of failed attempts of a pending unit since it was started. Written by
// give-up; read by give-up, retry-delay, stage, status and gate; removed by give-up when the pull succeeds or is given
// up, and by retry-delay when the unit is started again. Failure policy: unreadable counts as zero.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'

/** Whether an attempt of a pending unit has failed since it was started. */
export function hasFailedAttempt(unit: string): boolean {
  return existsSync(join(runtimeDirectory, 'attempts', unit))
}
