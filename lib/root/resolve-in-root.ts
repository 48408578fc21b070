import { lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** How a path failed to resolve; `reason` is for people. */
export class UnresolvedPath extends Error {
  readonly code: 'missing' | 'loop' | 'not-a-directory'

  constructor(code: UnresolvedPath['code'], reason: string) {
    super(reason)
    this.code = code
  }
}

const mostLinks = 40

/**
 * Resolves `path` below `root` as openat2(2) does with RESOLVE_IN_ROOT: absolute links start again at
 * the root, `..` at the root stays there, so the result never lies outside. Every component must exist.
 *
 * @returns the path below the root, without links and without a leading slash; `''` is the root
 * @throws UnresolvedPath
 */
export function resolveInRoot(root: string, path: string): string {
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
    const stat = lstatSync(join(root, here), { throwIfNoEntry: false })
    if (stat === undefined)
      throw new UnresolvedPath('missing', `/${here} does not exist in the root`)
    if (stat.isSymbolicLink()) {
      if (++links > mostLinks)
        throw new UnresolvedPath('loop', `the links run in a circle at /${here}`)
      const target = readlinkSync(join(root, here))
      if (target.startsWith('/')) resolved.length = 0
      todo.unshift(...components(target))
    } else {
      resolved.push(part)
      isDirectory = stat.isDirectory()
    }
  }
  return resolved.join('/')
}

/** A trailing slash stays as an empty component, so that it demands a directory. */
function components(path: string): string[] {
  return path.replace(/^\/+/u, '').split(/\/+/u)
}
