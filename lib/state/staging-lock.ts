import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { withLock } from '../host/flock.ts'

/**
 * Runs `act` while nobody else stages, settles or activates a deployment: what is known of it, its units and the
 * names of its images change together.
 */
export function withStagingLock<T>(act: () => Promise<T>): Promise<T> {
  return withLock(join(runtimeDirectory, 'lock'), act)
}
