/**
 * Returns what `read` returns, or undefined if the file does not exist: another process may have removed it.
 * Throws every other error.
 */
export function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
