import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isNullDevice } from './is-null-device.ts'
import { layoutOf, type Layout } from './layout.ts'
import { readRegularFile } from '../read-regular-file.ts'
import { resolveLinks, UnresolvedPath } from './resolve-in-root.ts'

/** Maximum number of hops on the fast path. `resolveLinks`, which counts exactly, resolves longer chains. */
const maxQuickHops = 8

/** A file, a directory or a link, on this machine. */
export interface Found {
  readonly location: string
  readonly stat: Stats
}

/** A path with its links resolved, and what is there. */
interface Followed {
  readonly path: string
  readonly found: Found | undefined
}

/**
 * The files of a deployment as it will see them when it is booted, while it is only a directory: /etc as
 * finalization will merge it, /run and /var of the host, and the rest from its root. Links never
 * lead out of this view. Paths are absolute, as the deployment will see them.
 */
export class DeploymentFiles {
  readonly #layout: Layout
  /** Cache: the same directories are resolved often, and do not change while specs are read. */
  readonly #directories = new Map<string, string>()
  readonly #names = new Map<string, readonly Buffer[]>()

  /**
   * @param root directory of the deployment
   * @param hostRoot the running system; undefined if the root is read without a host
   * @param options see `layoutOf`
   */
  constructor(
    root: string,
    hostRoot?: string,
    options?: { readonly isMerged?: boolean | undefined },
  ) {
    this.#layout = layoutOf(root, hostRoot, options)
  }

  /** Whether files below a directory count for the deployment: those in /run are gone when it boots. */
  keeps(directory: string): boolean {
    return this.#layout.isRunning || !/^\/run(?:\/|$)/u.test(directory)
  }

  /**
   * Resolves all links of a path, including the last component.
   *
   * @returns the path without links
   * @throws UnresolvedPath
   */
  resolve(path: string): string {
    return this.#follow(path).path
  }

  #follow(path: string): Followed {
    let hop = path
    for (let hops = 0; hops < maxQuickHops; hops++) {
      const [, directory, name] = /^(.*)\/([^/]+)$/su.exec(hop) ?? []
      if (directory === undefined || name === undefined || name === '.' || name === '..') break
      const here = `${this.resolveDirectory(directory)}/${name}`
      const found = this.look(here)
      if (found === undefined) break
      if (!found.stat.isSymbolicLink()) return { path: here, found }
      const target = readlinkSync(found.location)
      hop = target.startsWith('/') ? target : `${dirname(here)}/${target}`
    }
    const resolved = `/${resolveLinks(path, this.#layout.place)}`
    return { path: resolved, found: this.look(resolved) }
  }

  /**
   * Resolves a directory. Caches the result.
   *
   * @returns the path without links, empty for the root itself
   * @throws UnresolvedPath
   */
  resolveDirectory(directory: string): string {
    const known = this.#directories.get(directory)
    if (known !== undefined) return known
    const below = resolveLinks(`${directory}/`, this.#layout.place)
    const resolved = below === '' ? '' : `/${below}`
    this.#directories.set(directory, resolved)
    return resolved
  }

  /** Location on this machine of a path whose parents are not links. Undefined if it does not exist. */
  place(path: string): string | undefined {
    return this.look(path)?.location
  }

  /** What is at a path whose parents are not links. Undefined if it does not exist. */
  look(path: string): Found | undefined {
    const location = this.#layout.place(path.replace(/^\/+/u, ''))
    const stat = location === undefined ? undefined : statOf(location)
    return location !== undefined && stat !== undefined ? { location, stat } : undefined
  }

  /** What a path resolves to, of any kind. Undefined if it does not resolve. */
  follow(path: string): Found | undefined {
    try {
      return this.#locate(path)
    } catch {
      return undefined // it does not resolve, for whatever reason
    }
  }

  /** Location on this machine of the file or directory that a path resolves to. */
  find(path: string, kind: 'file' | 'directory'): string | undefined {
    const found = this.follow(path)
    const isOfKind = kind === 'file' ? found?.stat.isFile() : found?.stat.isDirectory()
    return isOfKind === true ? found?.location : undefined
  }

  /**
   * The names in a directory, sorted. A missing directory has none. Caches the result.
   *
   * @throws UnresolvedPath for a dangling link
   */
  names(path: string): readonly Buffer[] {
    if (!this.#exists(path)) return []
    const directory = this.resolve(`${path}/.`)
    const known = this.#names.get(directory) ?? this.#list(directory)
    this.#names.set(directory, known)
    return known
  }

  #list(directory: string): readonly Buffer[] {
    const copies = this.#layout.copies(directory.slice(1))
    const names = new Map<string, Buffer>()
    for (const copy of copies)
      if (statOf(copy)?.isDirectory() === true)
        for (const name of readdirSync(copy, { encoding: 'buffer' }))
          names.set(name.toString('latin1'), name)
    // A name that is not UTF-8 cannot be looked up. Keep it, so that the caller reports it.
    const stays = (name: Buffer) =>
      !isUtf8(name) || this.place(join(directory, name.toString())) !== undefined
    return [...names.values()]
      .filter(name => copies.length === 1 || stays(name))
      .toSorted((a, b) => Buffer.compare(a, b))
  }

  /**
   * Whether one directory of this machine has all entries of a directory and no others, none of them a link.
   */
  isInOnePlace(path: string): boolean {
    const directory = this.resolve(path)
    const location = this.place(directory)
    const names = this.names(directory)
    if (location === undefined || readdirSync(location).length !== names.length) return false
    return names.every(name => {
      const entry = join(location, name.toString())
      return (
        this.place(join(directory, name.toString())) === entry &&
        statOf(entry)?.isSymbolicLink() === false
      )
    })
  }

  /** Whether the host has a path that the deployment will not have. */
  isDropped(path: string): boolean {
    return (
      this.find(path, 'file') === undefined && statOf(join(this.#layout.host, path)) !== undefined
    )
  }

  /**
   * Reads a regular file. /dev/null, by which an administrator masks a file, is empty.
   *
   * @param limit maximum size in bytes
   * @throws Error with the reason, for people
   */
  read(path: string, limit: number): Buffer {
    const { location, stat } = this.#locate(path)
    return isNullDevice(stat) ? Buffer.alloc(0) : readRegularFile(location, limit)
  }

  /** @throws UnresolvedPath */
  #locate(path: string): Found {
    const { path: resolved, found } = this.#follow(path)
    /* c8 ignore next 2 -- only if the file vanishes after it was found, which no test can time */
    if (found === undefined)
      throw new UnresolvedPath('missing', `${resolved} does not exist in the root`)
    return found
  }

  /** Whether a path exists. A dangling link does: the caller must report this mistake. */
  #exists(path: string): boolean {
    try {
      const parent = this.resolve(`${dirname(path)}/.`)
      return this.place(join(parent, basename(path))) !== undefined
    } catch (error) {
      if (error instanceof UnresolvedPath && error.code === 'missing') return false
      throw error
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // a parent is not a directory
  }
}
