// Copies of credentials for a program that check starts. Failure policy: without a directory to write to, the image is
// not asked for, and the error says so.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrivateFile } from '../bound-images/read-value.ts'
import { credentialsDirectory } from '../directories.ts'
import { writePrivateFiles } from '../state/private-files.ts'
import { describeError } from '../text/describe-error.ts'
import { Refusal } from '../text/fault.ts'

/**
 * Makes temporary copies of credentials for `use`, and deletes them when it has ended. Only the user can read them.
 *
 * @param use gets a function that replaces the path of a file in a word by the path of its copy
 * @param parents directories for the copies; the first that can be written to is used
 * @throws Refusal if there is none
 */
export async function withTemporaryCopies<T>(
  files: readonly PrivateFile[],
  use: (inPlace: (word: string) => string) => Promise<T>,
  parents = temporaryDirectories(),
): Promise<T> {
  if (files.length === 0) return use(word => word)
  const directory = makeDirectory(parents)
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

/**
 * In memory, unless TMPDIR says otherwise: what the build of an image writes to /tmp can become part of the image, and its
 * root can be read-only, while it has /dev/shm in both cases.
 */
function temporaryDirectories(): readonly string[] {
  return [process.env['TMPDIR'] || '/dev/shm', '/dev/shm', tmpdir(), '/var/tmp']
}

function makeDirectory(parents: readonly string[]): string {
  const failures: string[] = []
  for (const parent of parents)
    try {
      return mkdtempSync(join(parent, 'bootc-bound-images-'))
    } catch (error) {
      failures.push(describeError(error))
    }
  throw new Refusal(
    `there is no place for a copy of its credentials: ${failures[0]}`,
    'set TMPDIR to a directory that can be written to',
  )
}
