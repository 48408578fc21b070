import { lstatSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describeError } from '../describe-error.ts'
import { readRegularFile } from '../root/read-regular-file.ts'
import { resolveInRoot, UnresolvedPath } from '../root/resolve-in-root.ts'
import { toBoundImage, type BoundImage, type SpecKind } from './bound-image.ts'
import type { Fault, SpecProblem } from './fault.ts'
import { printable } from './printable.ts'
import { parseUnitFile } from './unit-file.ts'

/** A bound image and the entry that asks for it. */
export interface BoundImageSpec {
  /** Path of the entry below the root, fit to be shown. */
  readonly entry: string
  readonly boundImage: BoundImage
}

export interface BoundImages {
  readonly specs: readonly BoundImageSpec[]
  readonly problems: readonly SpecProblem[]
}

/** Of two entries with one name, the one in the earlier directory counts. */
const specDirectories = [
  'usr/lib/bootc/bound-images.d',
  'usr/lib/bootc-experimental/bound-images.d',
] as const

const kinds: ReadonlyMap<string, SpecKind> = new Map([
  ['.image', 'image'],
  ['.container', 'container'],
])

/** Far above any real spec and any real host; beyond it systemd itself would suffer. */
const mostBytes = 64 * 1024
const mostEntries = 1000
const mostFaults = 20

/**
 * Reads every bound-image spec of a root, sorted by entry name. A spec that cannot be used becomes a
 * problem and does not keep the others from being read.
 *
 * The rules for entries are bootc's (crates/lib/src/boundimage.rs, query_bound_images): each is a
 * symbolic link, resolved inside the root, and its own name tells the kind of spec.
 *
 * @param root directory of a deployment
 */
export function readBoundImages(root: string): BoundImages {
  const specs: BoundImageSpec[] = []
  const problems: SpecProblem[] = []
  for (const entry of listEntries(root, problems)) {
    const result = readEntry(root, entry)
    if ('faults' in result) problems.push(result)
    else specs.push(result)
  }
  return { specs, problems }
}

interface Entry {
  readonly directory: string
  /** The directory below the root, without links. */
  readonly resolvedDirectory: string
  readonly name: Buffer
}

function listEntries(root: string, problems: SpecProblem[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const directory of specDirectories) {
    try {
      const resolvedDirectory = resolveInRoot(root, directory)
      const names = readdirSync(join(root, resolvedDirectory), { encoding: 'buffer' })
      if (names.length > mostEntries)
        throw new Error(
          `the directory has ${names.length} entries; at most ${mostEntries} are read`,
        )
      for (const name of names) {
        const key = name.toString('latin1')
        if (!entries.has(key)) entries.set(key, { directory, resolvedDirectory, name })
      }
    } catch (error) {
      if (!isAbsent(root, directory, error))
        problems.push({ entry: directory, faults: [{ reason: reasonOf(error) }] })
    }
  }
  return [...entries.values()].toSorted((a, b) => Buffer.compare(a.name, b.name))
}

/** Like bootc, a root without the directory has no bound images; a link that leads nowhere is an error. */
function isAbsent(root: string, directory: string, error: unknown): boolean {
  if (!(error instanceof UnresolvedPath) || error.code !== 'missing') return false
  try {
    const parent = resolveInRoot(root, dirname(directory))
    const stat = lstatSync(join(root, parent, basename(directory)), { throwIfNoEntry: false })
    return stat === undefined
  } catch {
    return true // the directory above does not exist either
  }
}

function readEntry(
  root: string,
  { directory, resolvedDirectory, name }: Entry,
): BoundImageSpec | SpecProblem {
  const text = name.toString()
  const entry = `${directory}/${printable(text)}`
  let file: string | undefined
  try {
    if (!Buffer.from(text).equals(name)) throw new Error('the name is not UTF-8')
    const path = join(resolvedDirectory, text)
    if (!isLink(join(root, path)))
      throw new Error('not a symbolic link; link to a .image or .container file')
    const kind = kinds.get(/\.[^.]*$/u.exec(text)?.[0] ?? '')
    if (kind === undefined)
      throw new Error(`the name must end in ${[...kinds.keys()].join(' or ')}`)
    const resolved = resolveInRoot(root, path)
    file = `/${printable(resolved)}`
    const { unitFile, faults } = parseUnitFile(
      decode(readRegularFile(join(root, resolved), mostBytes)),
    )
    const { boundImage, faults: keyFaults } = toBoundImage(unitFile, kind)
    if (boundImage !== undefined && faults.length === 0) return { entry, boundImage }
    // A file that cannot be parsed is not blamed for the keys that were not found in it.
    return { entry, file, faults: atMost(faults.length > 0 ? faults : keyFaults) }
  } catch (error) {
    return { entry, file, faults: [{ reason: reasonOf(error) }] }
  }
}

/** A file of nothing but faults must not flood the journal. */
function atMost(faults: readonly Fault[]): readonly Fault[] {
  const rest = faults.length - mostFaults
  return rest <= 0
    ? faults
    : [...faults.slice(0, mostFaults), { reason: `${rest} more faults are not listed` }]
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink()
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error('the file is not UTF-8 text')
  }
}

function reasonOf(error: unknown): string {
  return printable(describeError(error))
}
