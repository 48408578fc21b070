// The mark that stands on disk for as long as pulls may have files that are not synced: the id of the boot
// that set it, and the names of those pulls. The mark of another boot means that the host went down in the
// middle, and that what podman has of those pulls may be damaged; units/record-pull then reads every layer
// of what is pulled. Failure policy: every failure is an error.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import { syncDirectory, writeFileSafely } from './write-file-safely.ts'

const file = join(stateDirectory, 'dirty')

interface Mark {
  readonly boot: string
  readonly names: readonly string[]
}

/**
 * Sets the mark before pulls begin. A mark of another boot stays that.
 *
 * @param names see `recordName`
 */
export function markDirty(names: readonly string[]): void {
  const mark = readMark()
  const all = [...new Set([...(mark?.names ?? []), ...names])]
  if (mark?.names.length !== all.length) writeMark({ boot: mark?.boot ?? bootId(), names: all })
}

/** Names of pulls that another boot did not end, and that nobody has done since. */
export function suspects(): readonly string[] {
  const mark = readMark()
  return mark === undefined || mark.boot === bootId() ? [] : mark.names
}

/**
 * Takes pulls off the mark, and with the last one the mark away. Call it when the store is synced and no pull
 * is under way. What this boot left unfinished needs no mark: the kernel still has it, or has synced it.
 *
 * @param names of pulls that are done
 */
export function unmark(names: readonly string[]): void {
  const mark = readMark()
  if (mark === undefined) return
  const rest = mark.boot === bootId() ? [] : mark.names.filter(name => !names.includes(name))
  if (rest.length > 0) {
    writeMark({ boot: mark.boot, names: rest })
    return
  }
  rmSync(file)
  syncDirectory(stateDirectory)
}

/** Whether there is a mark, of whatever boot. */
export function isMarked(): boolean {
  return existsSync(file)
}

function readMark(): Mark | undefined {
  if (!existsSync(file)) return undefined
  const [boot = '', ...names] = readFileSync(file, 'utf8').split('\n')
  return { boot, names: names.filter(Boolean) }
}

function writeMark({ boot, names }: Mark): void {
  writeFileSafely(file, [boot, ...names, ''].join('\n'))
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
