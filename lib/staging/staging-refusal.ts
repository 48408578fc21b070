import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { writeFileSafely } from '../host/write-file-safely.ts'

const file = join(runtimeDirectory, 'refusal')

/** Why the last staging did not start its pulls; undefined when it did. */
export function stagingRefusal(): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** Keeps that for whoever asks later. */
export function rememberStagingRefusal(refusal: string | undefined): void {
  if (refusal === undefined) rmSync(file, { force: true })
  else writeFileSafely(file, refusal)
}
