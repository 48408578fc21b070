import { realpathSync } from 'node:fs'
import { unlessMissing } from '../unless-missing.ts'
import { resolveInRoot } from './resolve-in-root.ts'

/**
 * Whether a directory of the image store still exists when a root is the running system. An additional image
 * store of podman can be part of the OS image, and is then removed with it.
 *
 * @param path without links below podman's own store
 * @param store podman's own store, which is not part of an OS image
 */
export function survivesUpdate(root: string, path: string, store: string): boolean {
  if (path.startsWith(`${store}/`)) return true
  const real = unlessMissing(() => realpathSync(path)) ?? path
  return !isOfOs(real) || isIn(root, real)
}

/**
 * Whether a path without links is part of an OS image. (If `/opt` is a link to /var, no such path is below
 * it.)
 */
export function isOfOs(path: string): boolean {
  return /^\/(?:usr|opt)\//u.test(path)
}

function isIn(root: string, path: string): boolean {
  try {
    resolveInRoot(root, path)
    return true
  } catch {
    return false // the safe choice: the image is pulled
  }
}
