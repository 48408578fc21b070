// /run/bootc-bound-images/store-directories: lines `DEVICE:INODE PATH`, the directories of the image store as staging
// saw them, so that a mount that has gone since then is noticed. Written by stage, and by gate if no staging has run;
// read by units/programs/check-store and by all that look for images; removed by stage while a mount is missing.
// Failure policy: every failure is an error, and a directory that is gone is another one.
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const file = join(runtimeDirectory, 'store-directories')

/** Remembers those of the directories that exist. */
export function rememberStore(paths: Iterable<string>): void {
  const lines = [...paths].flatMap(path => {
    const identity = identityOf(path)
    return identity === undefined ? [] : [`${identity} ${path}\n`]
  })
  writeFileSafely(file, lines.join(''))
}

export function forgetStore(): void {
  rmSync(file, { force: true })
}

/** Whether the directories are remembered. */
export function isStoreRemembered(): boolean {
  return readUnlessMissing(file) !== undefined
}

/** @returns the first directory that is not the remembered one; undefined if there is none */
export function changedDirectory(): string | undefined {
  const lines = readUnlessMissing(file)?.split('\n').filter(Boolean) ?? []
  return lines
    .map(line => /^(\S+) (.*)$/u.exec(line))
    .find(match => match !== null && identityOf(match[2] ?? '') !== match[1])?.[2]
}

function identityOf(path: string): string | undefined {
  const directory = statSync(path, { bigint: true, throwIfNoEntry: false })
  return directory && `${directory.dev}:${directory.ino}`
}
