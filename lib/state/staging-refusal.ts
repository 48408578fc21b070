import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { writeFileSafely } from './write-file-safely.ts'
import { isStagedSeen } from './seen-deployments.ts'

const file = join(runtimeDirectory, 'refusal')

/** Why the staging of what is staged now did not start its pulls; undefined when it did, or there was none. */
export function stagingRefusal(): string | undefined {
  return existsSync(file) && isStagedSeen() ? readFileSync(file, 'utf8') : undefined
}

/** Keeps that for whoever asks later. */
export function rememberStagingRefusal(refusal: string | undefined): void {
  if (refusal === undefined) rmSync(file, { force: true })
  else writeFileSafely(file, refusal)
}
