import { join } from 'node:path'
import type { Backend } from '../backend/backend.ts'
import { readRegularFile } from '../read-regular-file.ts'
import { describeError } from '../text/describe-error.ts'
import { resolveInRoot, UnresolvedPath } from './resolve-in-root.ts'

const maxBytes = 64 * 1024

/**
 * Whether a deployment boots with nothing in /etc but what its image ships, below a writable layer in memory or not.
 *
 * @throws Error if its settings cannot be read
 */
export function hasTransientEtc(
  root: string,
  { bootSettings, hasTransientEtc: isTransient }: Pick<Backend, 'bootSettings' | 'hasTransientEtc'>,
): boolean {
  try {
    const path = resolveInRoot(root, bootSettings)
    return isTransient(readRegularFile(join(root, path), maxBytes).toString())
  } catch (error) {
    if (error instanceof UnresolvedPath) return false
    // smol-toml appends a source excerpt to its message.
    throw new Error(`${bootSettings}: ${describeError(error).replace(/\n.*$/su, '')}`, {
      cause: error,
    })
  }
}
