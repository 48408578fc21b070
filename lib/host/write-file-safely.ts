import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file so that a power failure leaves the old one or the new one, whole. Readable by its owner
 * only. Makes the directory when it does not exist.
 */
export function writeFileSafely(path: string, contents: string | Buffer): void {
  const directory = dirname(path)
  mkdirSync(directory, { recursive: true })
  const next = `${path}.next`
  writeFileSync(next, contents, { mode: 0o600, flush: true })
  renameSync(next, path)
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
