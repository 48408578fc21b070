// Files below `credentialsDirectory` and `containersDirectories` that only root may read: logins, passphrases,
// certificates, and copies of /etc/containers. Written by stage and gate; read by podman and skopeo; removed by stage
// and gate when no pull needs them. Failure policy: every failure is an error; a file is replaced whole or not at all.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PrivateFile } from '../bound-images/read-value.ts'
import { writeFileSafely } from '../write-file-safely.ts'

/** Writes the files that are missing or have other contents. */
export function writePrivateFiles(files: readonly PrivateFile[]): void {
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(contents))) continue
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSafely(path, contents)
  }
}

/** Deletes all files below the directories except `files`, and all empty directories. */
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
