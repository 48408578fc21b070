// /var/lib/bootc-bound-images/names: lines `ID NAME`, the tags that this product has given to images. Written by
// give-name, settle, activate, boot and gate before they give a tag; read when images are pruned, which also drops the
// lines that are no longer true. Lines are only added while pulls run, because give-name does not lock the file. Failure
// policy: a line of another format is skipped, so its tag stays; every other failure is an error.
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { syncDirectory, writeFileSafely } from '../write-file-safely.ts'

const file = join(stateDirectory, 'names')

/** A tag, and the ID of the image that was given it. */
interface GivenName {
  readonly id: string
  readonly name: string
}

/** The tags that were given, unless somebody has moved or removed them since. */
export function readGivenNames(): readonly GivenName[] {
  return (readUnlessMissing(file) ?? '').split('\n').flatMap(line => {
    const [, id, name] = /^([0-9a-f]{64}) (\S+)$/u.exec(line) ?? []
    return id === undefined || name === undefined ? [] : [{ id, name }]
  })
}

/** Adds to the tags that were given. */
export function addGivenNames(names: readonly GivenName[]): void {
  unlessFailing(() => {
    const known = new Set(linesOf(readGivenNames()))
    const added = linesOf(names).filter(line => !known.has(line))
    if (added.length === 0) return
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
    // The newline in front ends a line that a power failure has cut off.
    appendFileSync(file, `\n${added.join('')}`, { mode: 0o600, flush: true })
    syncDirectory(stateDirectory)
  })
}

/** Replaces the tags that were given. */
export function writeGivenNames(names: readonly GivenName[]): void {
  unlessFailing(() => {
    const text = linesOf(names).join('')
    if (text !== (readUnlessMissing(file) ?? '')) writeFileSafely(file, text)
  })
}

function linesOf(names: readonly GivenName[]): readonly string[] {
  return [...new Set(names.map(({ id, name }) => `${id} ${name}\n`))]
}

function unlessFailing(write: () => void): void {
  try {
    write()
  } catch {
    // For example, the disk is full. An image must get its tag all the same.
  }
}
