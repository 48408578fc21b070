import { resolveInRoot } from './resolve-in-root.ts'

/**
 * Whether a root has a directory that is part of the OS of another one. What is not part of an OS may change without
 * an update. (If `/opt` is a link to /var, no such path is below it.)
 *
 * @param path without links
 */
export function survivesUpdate(root: string, path: string): boolean {
  return /^\/(?:usr|opt)\//u.test(path) && isIn(root, path)
}

function isIn(root: string, path: string): boolean {
  try {
    resolveInRoot(root, path)
    return true
  } catch {
    return false // the safe choice: the image is pulled
  }
}
