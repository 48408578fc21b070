// /run/bootc-bound-images/lock: empty; flock(1) locks it. Created and locked by stage, settle, activate and boot; kept
// until the next boot. Failure policy: every failure is an error, also a timeout.
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { withLock } from '../host/flock.ts'

/**
 * Runs `act` while no other process stages, settles or activates a deployment. The knowledge about a deployment, its
 * units and the names of its images change together.
 */
export function withStagingLock<T>(act: () => Promise<T>): Promise<T> {
  return withLock(join(runtimeDirectory, 'lock'), act)
}
