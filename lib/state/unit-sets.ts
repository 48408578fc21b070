// /run/bootc-bound-images: `sets/NUMBER`, directories of rendered unit files; `units`, link to the current one;
// `loaded`, link to the number of the one that systemd has loaded. Written by stage; `units` is read by the generator
// script, stage, gate and boot.service. stage removes a set after the reload, and `units` when there is nothing to
// pull. Failure policy: every failure is an error; `units` is only ever replaced by a complete set.
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

/** Reads the set that the script in system-generators/ copies for systemd, sorted by name. */
export function readCurrentSet(runtimeDirectory: string): readonly UnitText[] {
  if (currentSet(runtimeDirectory) === undefined) return []
  const units = join(runtimeDirectory, 'units')
  return readdirSync(units, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(units, join(entry.parentPath, entry.name)))
    .toSorted()
    .map(name => ({ name, contents: readFileSync(join(units, name), 'utf8') }))
}

/** The names of the units of the current set, without drop-ins. */
export function currentUnits(runtimeDirectory: string): ReadonlySet<string> {
  return unitNames(readCurrentSet(runtimeDirectory))
}

/** The names of the units of a set, without drop-ins. */
export function unitNames(set: readonly UnitText[]): ReadonlySet<string> {
  return new Set(set.map(({ name }) => name).filter(name => !name.includes('/')))
}

/**
 * Makes `units` the current set atomically: a reader sees the old set or the new one. Renames a link, because a
 * directory cannot replace another one. The old set stays on disk until `finishSwap`, because a generator may be
 * reading it. Without units, there is no current set.
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

/** Whether we have made systemd reload since the current set was swapped in. */
export function isSetLoaded(runtimeDirectory: string): boolean {
  return (
    unlessMissing(() => readlinkSync(join(runtimeDirectory, 'loaded'))) ===
    currentSet(runtimeDirectory)
  )
}

/** Notes that systemd has reloaded, and deletes all sets except the current one. Call it after the reload. */
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
