// The counts of failed tries that units/give-up keeps for the pending units. Failure policy: what cannot be read is none.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'

/** Whether a try of a pending unit has failed since it was started. */
export function hasFailedTry(unit: string): boolean {
  return existsSync(join(runtimeDirectory, 'tries', unit))
}
