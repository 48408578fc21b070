import { realpathSync } from 'node:fs'
import { unlessMissing } from '../unless-missing.ts'
import { resolveInRoot } from './resolve-in-root.ts'

/**
 * Whether a directory of the image store is still there when a root is the running system. A store that podman adds
 * to its own can be in the OS image, and go with it.
 *
 * @param path without links below podman's own store
 * @param store podman's own store, which is not part of an OS image
 */
export function survivesUpdate(root: string, path: string, store: string): boolean {
  if (path.startsWith(`${store}/`)) return true
  const real = unlessMissing(() => realpathSync(path)) ?? path
  return !isOfOs(real) || isIn(root, real)
}

/** Whether a path without links is in what an OS image brings. (`/opt` may be a link into /var, and is none here.) */
export function isOfOs(path: string): boolean {
  return /^\/(?:usr|opt)\//u.test(path)
}

function isIn(root: string, path: string): boolean {
  try {
    resolveInRoot(root, path)
    return true
  } catch {
    return false // to pull it is the safe choice
  }
}
