import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unlessMissing } from '../unless-missing.ts'

/**
 * Reads the file that says what is staged.
 *
 * @param path below the root directory of the host
 * @returns undefined if it does not exist
 * @throws Error if it cannot be read
 */
export function readStagedFile(hostRoot: string, path: string): Buffer | undefined {
  try {
    return unlessMissing(() => readFileSync(join(hostRoot, path)))
  } catch (error) {
    throw new Error(`reading /${path}`, { cause: error })
  }
}

/** Time of its change in nanoseconds: it is replaced at each staging. */
export function stagedTime(hostRoot: string, path: string): bigint | undefined {
  return lstatSync(join(hostRoot, path), { bigint: true, throwIfNoEntry: false })?.mtimeNs
}
