// The marks that units/programs/mark-pull leaves on disk for as long as a pull may have files that are not synced. Each
// is a link to an id of the boot that set it: the mark of another boot means that the host went down in the middle,
// and that what podman has of the pull may be damaged; units/programs/record-pull then checks in depth what is pulled.
// Failure policy: every failure is an error.
import { existsSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { unlessMissing } from '../unless-missing.ts'
import { runtimeDirectory, stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { syncDirectory, writeFileSafely } from './write-file-safely.ts'

const directory = join(stateDirectory, 'unfinished')
const damageFile = join(runtimeDirectory, 'suspect')
const falseAlarmFile = join(runtimeDirectory, 'false-alarm')

/** Names of pulls that another boot did not end, and that nobody has done since; see `recordName`. */
export function interruptedPulls(): readonly string[] {
  // Without it, no pull was marked in this boot.
  const boot = readUnlessMissing(join(runtimeDirectory, 'boot'))?.trim()
  return listDirectory(directory).filter(name => {
    const mark = unlessMissing(() => readlinkSync(join(directory, name)))
    return mark !== undefined && mark !== boot
  })
}

/** Until the next boot, each image that is pulled is checked in depth, because a damaged one was found without a mark. */
export function rememberDamage(): void {
  writeFileSafely(damageFile, '')
  rmSync(falseAlarmFile, { force: true })
}

/** Until the next boot, or until damage is found, podman is not asked again what is damaged in its store. */
export function rememberFalseAlarm(): void {
  writeFileSafely(falseAlarmFile, '')
}

/** Whether podman has found fault with what can be read, so that its store cannot be known to be whole. */
export function wasFalseAlarm(): boolean {
  return existsSync(falseAlarmFile)
}

/** Whether units/programs/record-pull checks in depth. */
export function isStoreSuspect(): boolean {
  return existsSync(damageFile) || interruptedPulls().length > 0
}

/** Takes marks away. Call it when podman's store is known to be whole. */
export function clearMarks(marks: readonly string[]): void {
  if (marks.length === 0) return
  for (const name of marks) rmSync(join(directory, name), { force: true })
  syncDirectory(directory)
}
