// /run/bootc-bound-images/attempts/UNIT: how many attempts of a pending unit have failed since it was started. Written by
// give-up, read by retry-delay and here, removed when the pull succeeds or is given up. Unreadable counts as zero.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'

/** Whether an attempt of a pending unit has failed since it was started. */
export function hasFailedAttempt(unit: string): boolean {
  return existsSync(join(runtimeDirectory, 'attempts', unit))
}
