/**
 * What `read` returns, or undefined when the file that it reads is not there; another process may have removed it. Any
 * other failure is an error.
 */
export function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
