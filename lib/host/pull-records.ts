// What units/record-pull notes: which image each pull has put on disk and synced. Failure policy: a record
// that cannot be read says nothing, so its image counts as one without a record; other failures are errors.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import type { StoredImage } from './podman.ts'

const directory = join(stateDirectory, 'pulls')

/** @param name see `recordName` */
export function readPullRecord(name: string): StoredImage | undefined {
  const [id = '', digest = ''] = (readIfThere(join(directory, name)) ?? '').split(' ')
  return /^[0-9a-f]{64}$/u.test(id) ? { id, digest } : undefined
}

/** Deletes the records of images that are in the store no more, and what an interruption left. */
export function removeOldRecords(storedIds: ReadonlySet<string>): void {
  for (const name of names()) {
    const record = readPullRecord(name)
    if (record === undefined || !storedIds.has(record.id)) rmSync(join(directory, name))
  }
}

function names(): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
