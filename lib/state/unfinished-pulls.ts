// /var/lib/bootc-bound-images/unfinished/NAME: link to the ID of the boot in which a pull has files that are not
// synced. mark-pull writes it; record-pull, unmark-pull and repair remove it. An ID of another boot means that the host
// went down during the pull, and may have damaged it. In /run/bootc-bound-images until the next boot: `boot`, the ID,
// by mark-pull; `suspect`, empty, by stage; `false-alarm`, empty, by repair, removed by stage. Readers: record-pull,
// unmark-pull, repair, all commands that look for images. Failure policy: every failure is an error.
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

/** Names of the pulls that have a mark of another boot; see `recordName`. */
export function interruptedPulls(): readonly string[] {
  // If it is missing, no pull was marked in this boot.
  const boot = readUnlessMissing(join(runtimeDirectory, 'boot'))?.trim()
  return listDirectory(directory).filter(name => {
    const mark = unlessMissing(() => readlinkSync(join(directory, name)))
    return mark !== undefined && mark !== boot
  })
}

/** Notes that a damaged image without a mark was found. Until the next boot, record-pull then reads each image back. */
export function rememberDamage(): void {
  writeFileSafely(damageFile, '')
  rmSync(falseAlarmFile, { force: true })
}

/** Notes that podman finds fault with readable images. Its check does not run again until the next boot or damage. */
export function rememberFalseAlarm(): void {
  writeFileSafely(falseAlarmFile, '')
}

/** Whether podman finds fault with readable images, so that its check cannot show that the store is whole. */
export function wasFalseAlarm(): boolean {
  return existsSync(falseAlarmFile)
}

/** Whether units/programs/record-pull reads each pulled image back. */
export function isStoreSuspect(): boolean {
  return existsSync(damageFile) || interruptedPulls().length > 0
}

/** Removes marks. Call it when podman's store is known to be whole. */
export function clearMarks(marks: readonly string[]): void {
  if (marks.length === 0) return
  for (const name of marks) rmSync(join(directory, name), { force: true })
  syncDirectory(directory)
}
