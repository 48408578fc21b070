// /var/lib/bootc-bound-images/unfinished/NAME: link to the ID of the boot in which a pull has files that are not
// synced. mark-pull writes it; record-pull, unmark-pull and repair remove it. An ID of another boot means that the host
// went down during the pull, and may have damaged it. Other names: `failed-sync`, by sync-store, a link to
// `failed-in-ID`: writing images to the disk failed in that boot. `damaged`, by stage: a damaged image was found.
// `power-failure`, by mark-running: /var/lib/bootc-bound-images/running of an earlier boot, which unmark-running removes
// at a shutdown. In /run/bootc-bound-images until the next boot: `boot`, the ID, by boot-id; `false-alarm`, empty, by
// repair, removed by stage. Readers: record-pull, unmark-pull, repair, all commands that look for images. Failure
// policy: every failure is an error.
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { unlessMissing } from '../unless-missing.ts'
import { runtimeDirectory, stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { syncDirectory, writeFileSafely } from '../write-file-safely.ts'

const directory = join(stateDirectory, 'unfinished')
const damageMark = 'damaged'
const falseAlarmFile = join(runtimeDirectory, 'false-alarm')

/** A mark that makes the store suspect. */
export interface Suspicion {
  /** That of a pull, see `recordName`, or of another event. */
  readonly name: string
  /** What happened, for people. */
  readonly event: string
  /** Whether no check in this boot can clear it. */
  readonly lasts: boolean
}

/**
 * The marks that show that images may be damaged: an image then counts only with a record of the same ID, because a
 * record is written after a sync.
 */
export function suspicions(): readonly Suspicion[] {
  // If it is missing, no pull was marked in this boot.
  const boot = readUnlessMissing(join(runtimeDirectory, 'boot'))?.trim()
  return listDirectory(directory).flatMap(name => {
    const mark = unlessMissing(() => readlinkSync(join(directory, name)))
    if (mark === undefined || mark === boot) return []
    const event = events.get(name) ?? 'the host went down during pulls'
    // The kernel may still have in memory what the disk has lost.
    return { name, event, lasts: mark === `failed-in-${boot}` }
  })
}

const events: ReadonlyMap<string, string> = new Map([
  ['failed-sync', 'writing images to disk failed'],
  [damageMark, 'a damaged image was found'],
  ['power-failure', 'the host went down without a shutdown'],
])

/** Notes that a damaged image was found. */
export function rememberDamage(): void {
  rmSync(falseAlarmFile, { force: true })
  if (listDirectory(directory).includes(damageMark)) return
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  symlinkSync('found', join(directory, damageMark))
  syncDirectory(directory)
}

/** Notes that podman finds fault with readable images. Its check does not run again until the next boot or damage. */
export function rememberFalseAlarm(): void {
  writeFileSafely(falseAlarmFile, '')
}

/** Whether podman finds fault with readable images, so that its check cannot show that the store is whole. */
export function wasFalseAlarm(): boolean {
  return existsSync(falseAlarmFile)
}

/** Removes marks. Call it when podman's store is known to be whole. */
export function clearMarks(marks: readonly string[]): void {
  if (marks.length === 0) return
  for (const name of marks) rmSync(join(directory, name), { force: true })
  syncDirectory(directory)
}
