// Files below /run that only root may read. Failure policy: every failure is an error; a file is
// replaced whole or not at all.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { credentialsDirectory } from '../directories.ts'
import type { PrivateFile } from '../bound-images/read-value.ts'
import { writeFileSafely } from './write-file-safely.ts'

/** Writes the files that are not there as they should be. */
export function writePrivateFiles(files: readonly PrivateFile[]): void {
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(contents))) continue
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSafely(path, contents)
  }
}

/** Deletes every file below the directories that is not one of `files`, and every empty directory. */
export function removeOtherFiles(
  directories: readonly string[],
  files: readonly PrivateFile[],
): void {
  const wanted = new Set(files.map(({ path }) => path))
  const clean = (path: string): boolean => {
    if (!statSync(path).isDirectory()) return !wanted.has(path) && remove(path)
    const isEmpty = readdirSync(path)
      .map(name => clean(join(path, name)))
      .every(Boolean)
    return isEmpty && remove(path)
  }
  for (const directory of directories) if (existsSync(directory)) clean(directory)
}

function remove(path: string): true {
  rmSync(path, { recursive: true })
  return true
}

/**
 * Has copies of credentials that are not written yet, for as long as something uses them.
 *
 * @param use gets a function that puts the path of a copy in place of a file's in a word
 */
export async function withTemporaryCopies<T>(
  files: readonly PrivateFile[],
  use: (inPlace: (word: string) => string) => Promise<T>,
): Promise<T> {
  if (files.length === 0) return use(word => word)
  const directory = mkdtempSync(join(tmpdir(), 'bootc-bound-images-'))
  try {
    const copies = files.map(({ path, contents }) => ({ path: join(directory, path), contents }))
    writePrivateFiles(copies)
    return await use(word =>
      word.replace(credentialsDirectory, join(directory, credentialsDirectory)),
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}
