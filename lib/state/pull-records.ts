// /var/lib/bootc-bound-images/pulls/NAME: one line `ID DIGEST NAME VERIFICATION`, the image that a pull has put on disk
// and synced. Version 0.1.0 wrote no VERIFICATION, and `-` for the ID of an image with a digest. Of an artifact, the ID is that of DIGEST. Written by
// record-pull and record-artifact; read by all commands that plan pulls or look for
// images; removed by mark-pull before the next pull, and by settle when the image is gone. Failure policy: a record of
// another format counts as missing, so its image counts as unrecorded; every other failure is an error.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { stateDirectory } from '../directories.ts'
import type { StoreList } from '../host/podman.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const directory = join(stateDirectory, 'pulls')

interface PullRecord {
  /** ID of the image; undefined if its digest identifies it. */
  readonly id: string | undefined
  /** Its name in the store. */
  readonly image: string
  readonly verification: Verification | undefined
}

/**
 * What is proven of a recorded image. `verified`: it is what its digest names. `contents`: its layers are those of its
 * configuration, but its name has no digest. `unknown`: podman's own files of the store do not show it.
 */
export type Verification = (typeof verifications)[number]

const verifications = ['verified', 'contents', 'unknown'] as const

/**
 * Whether a pull has recorded that exactly this image is on disk.
 *
 * @param name see `recordName`
 * @param image name of the image in the store
 */
export function isRecorded(name: string, image: string, id: string): boolean {
  const record = readPullRecord(name)
  return record?.image === image && (record.id === undefined || record.id === id)
}

/** Records an artifact that is on disk and synced. */
export function recordArtifact(name: string, image: string, id: string): void {
  const digest = image.split('@')[1]
  const isNamed = digest === undefined || digest === `sha256:${id}`
  const verification = !isNamed ? 'unknown' : digest === undefined ? 'contents' : 'verified'
  writeFileSafely(join(directory, name), `${id} sha256:${id} ${image} ${verification}\n`)
}

/**
 * What a pull has proven of exactly this image.
 *
 * @param name see `recordName`
 * @param image name of the image in the store
 * @returns undefined without a record, or with one of a version that proved nothing
 */
export function recordedVerification(
  name: string,
  image: string,
  id: string,
): Verification | undefined {
  const record = readPullRecord(name)
  return record?.image === image && record.id === id ? record.verification : undefined
}

/** Names in the store of the images that were pulled by digest. */
export function pulledByDigest(): readonly string[] {
  const records = recordNames().flatMap(name => readPullRecord(name) ?? [])
  return [...new Set(records.map(({ image }) => image))].filter(image => image.includes('@'))
}

/** Deletes the records of images that are no longer in any of the stores. */
export function removeOldRecords(stores: readonly StoreList[]): void {
  for (const name of recordNames()) {
    const record = readPullRecord(name)
    const isIn = ({ ids, names }: StoreList) =>
      record?.id === undefined ? names.has(record?.image ?? '') : ids.has(record.id)
    if (!stores.some(isIn)) rmSync(join(directory, name), { force: true })
  }
}

function readPullRecord(name: string): PullRecord | undefined {
  const text = readUnlessMissing(join(directory, name)) ?? ''
  const [, id, image, proven] = /^(\S+) \S+ (\S+)(?: (\S+))?\n$/u.exec(text) ?? []
  if (image === undefined) return undefined
  const verification = verifications.find(each => each === proven)
  return { id: id === '-' ? undefined : id, image, verification }
}

/** Without the temporary files of record-pull. */
function recordNames(): readonly string[] {
  return listDirectory(directory).filter(name => !name.endsWith('.next'))
}
