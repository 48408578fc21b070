// The rendered unit files below /run. Failure policy: every failure is an error; the link in use is only
// ever replaced by a complete set.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { UnitText } from '../render/unit-text.ts'
import { writeUnits } from './write-units.ts'

/** The set that the stub in system-generators/ hands to systemd, sorted by name. */
export function readCurrentSet(runtimeDirectory: string): readonly UnitText[] {
  if (currentSet(runtimeDirectory) === undefined) return []
  const units = join(runtimeDirectory, 'units')
  return readdirSync(units, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(units, join(entry.parentPath, entry.name)))
    .toSorted()
    .map(name => ({ name, contents: readFileSync(join(units, name), 'utf8') }))
}

/** The names of its units, without drop-ins. */
export function currentUnits(runtimeDirectory: string): ReadonlySet<string> {
  return unitNames(readCurrentSet(runtimeDirectory))
}

/** The names of the units of a set, without drop-ins. */
export function unitNames(set: readonly UnitText[]): ReadonlySet<string> {
  return new Set(set.map(({ name }) => name).filter(name => !name.includes('/')))
}

/**
 * Makes `units` the current set at once: a reader sees the old set or the new one. A directory cannot
 * be renamed over another, a link can. The old set stays on disk until `finishSwap`, because a
 * generator may be reading it. No units: no current set.
 */
export function swapSet(runtimeDirectory: string, units: readonly UnitText[]): void {
  const link = join(runtimeDirectory, 'units')
  if (units.length === 0) {
    rmSync(link, { force: true })
    return
  }
  const sets = join(runtimeDirectory, 'sets')
  mkdirSync(sets, { recursive: true, mode: 0o700 })
  const number = Math.max(0, ...readdirSync(sets).map(Number)) + 1
  mkdirSync(join(sets, String(number)), { mode: 0o700 })
  writeUnits(join(sets, String(number)), units)
  const next = `${link}.next`
  rmSync(next, { force: true })
  symlinkSync(join('sets', String(number)), next)
  renameSync(next, link)
}

/** Whether systemd has reloaded since the current set is the current one, as far as we have seen to it. */
export function isSetLoaded(runtimeDirectory: string): boolean {
  return (
    unlessMissing(() => readlinkSync(join(runtimeDirectory, 'loaded'))) ===
    currentSet(runtimeDirectory)
  )
}

/** Call it when systemd has reloaded: remembers that, and deletes every set but the current one. */
export function finishSwap(runtimeDirectory: string): void {
  const sets = join(runtimeDirectory, 'sets')
  const current = currentSet(runtimeDirectory)
  const loaded = join(runtimeDirectory, 'loaded')
  rmSync(loaded, { force: true })
  if (current !== undefined) symlinkSync(current, loaded)
  for (const name of listDirectory(sets))
    if (name !== current) rmSync(join(sets, name), { recursive: true })
}

function currentSet(runtimeDirectory: string): string | undefined {
  return unlessMissing(() => basename(readlinkSync(join(runtimeDirectory, 'units'))))
}
