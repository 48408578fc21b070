import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file so that a power failure leaves the old one or the new one, whole. Readable by its owner
 * only. Makes the directory when it does not exist.
 */
export function writeFileSafely(path: string, contents: string | Buffer): void {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const next = `${path}.next`
  writeFileSync(next, contents, { mode: 0o600, flush: true })
  renameSync(next, path)
  syncDirectory(directory)
}

/** Makes the names in a directory survive a power failure. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
