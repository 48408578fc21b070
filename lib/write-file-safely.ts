import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file atomically: after a power failure, the old or the new contents are complete. Only the owner can read
 * the file. Creates the directory if it does not exist.
 */
export function writeFileSafely(path: string, contents: string | Buffer): void {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Two processes may replace the same file: a staging by hand does not wait for the gate.
  const next = `${path}.${process.pid}.next`
  writeFileSync(next, contents, { mode: 0o600, flush: true })
  renameSync(next, path)
  syncDirectory(directory)
}

/** Syncs a directory, so that its entries survive a power failure. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
