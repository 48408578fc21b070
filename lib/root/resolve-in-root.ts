import { lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A path that does not resolve. The message is for people. */
export class UnresolvedPath extends Error {
  readonly code: 'missing' | 'loop' | 'not-a-directory'

  constructor(code: UnresolvedPath['code'], reason: string) {
    super(reason)
    this.code = code
  }
}

/** Location on this machine of a path without links. Undefined if the path is known not to exist. */
export type Place = (path: string) => string | undefined

/** The kernel's limit (include/linux/namei.h, MAXSYMLINKS). */
const maxLinks = 40

/**
 * Resolves `path` below `root` as openat2(2) does with RESOLVE_IN_ROOT. Absolute links start at the root, and
 * `..` at the root stays there, so the result is never outside. Every component must exist.
 *
 * @returns the path below the root, without links and without a leading slash; `''` is the root
 * @throws UnresolvedPath
 */
export function resolveInRoot(root: string, path: string): string {
  return resolveLinks(path, below => join(root, below))
}

/** Like `resolveInRoot`, for a root whose parts are in several places. */
export function resolveLinks(path: string, place: Place): string {
  const todo = components(path)
  const resolved: string[] = []
  let isDirectory = true
  let links = 0
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (!isDirectory)
      throw new UnresolvedPath('not-a-directory', `/${resolved.join('/')} is not a directory`)
    if (part === '.' || part === '') continue
    if (part === '..') {
      resolved.pop()
      continue
    }
    const here = [...resolved, part].join('/')
    const location = place(here)
    const stat = location === undefined ? undefined : lstatSync(location, { throwIfNoEntry: false })
    if (location === undefined || stat === undefined)
      throw new UnresolvedPath('missing', `/${here} does not exist in the root`)
    if (stat.isSymbolicLink()) {
      if (++links > maxLinks)
        throw new UnresolvedPath('loop', `too many symbolic links at /${here}`)
      const target = readlinkSync(location)
      if (target.startsWith('/')) resolved.length = 0
      todo.unshift(...components(target))
    } else {
      resolved.push(part)
      isDirectory = stat.isDirectory()
    }
  }
  return resolved.join('/')
}

/** Keeps a trailing slash as an empty component, which requires a directory. */
function components(path: string): string[] {
  return path.replace(/^\/+/u, '').split(/\/+/u)
}
