// What units/programs/record-pull notes: which image each pull has put on disk and synced. Failure policy: a record
// that cannot be read says nothing, so its image counts as one without a record; other failures are errors.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { stateDirectory } from '../directories.ts'
import type { StoreList } from '../host/podman.ts'
import { readUnlessMissing } from './read-unless-missing.ts'

const directory = join(stateDirectory, 'pulls')

interface PullRecord {
  /** Of the image; undefined for one that was pulled by digest, which says as much. */
  readonly id: string | undefined
  /** Its name in the store. */
  readonly image: string
}

/**
 * Whether a pull has noted that it has put this very image on disk.
 *
 * @param name see `recordName`
 * @param image its name in the store
 */
export function isRecorded(name: string, image: string, id: string): boolean {
  const record = readPullRecord(name)
  return record?.image === image && (record.id === undefined || record.id === id)
}

/** Names in the store of the images that were pulled by digest. */
export function pulledByDigest(): readonly string[] {
  const records = recordNames().flatMap(name => readPullRecord(name) ?? [])
  return [...new Set(records.map(({ image }) => image))].filter(image => image.includes('@'))
}

/** Deletes the records of images that are in the store no more, and what an interruption left. */
export function removeOldRecords({ ids, names }: StoreList): void {
  for (const name of recordNames()) {
    const record = readPullRecord(name)
    const isStored = record?.id === undefined ? names.has(record?.image ?? '') : ids.has(record.id)
    if (!isStored) rmSync(join(directory, name))
  }
}

function readPullRecord(name: string): PullRecord | undefined {
  const text = readUnlessMissing(join(directory, name)) ?? ''
  const [, id, image] = /^(-|[0-9a-f]{64}) \S+ (\S+)\n$/u.exec(text) ?? []
  return image === undefined ? undefined : { id: id === '-' ? undefined : id, image }
}

function recordNames(): readonly string[] {
  return listDirectory(directory)
}
