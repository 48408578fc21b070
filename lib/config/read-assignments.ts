import { explain } from '../text/fault.ts'
import { printable } from '../text/printable.ts'
import type { Mistake } from './configuration-error.ts'
import type { SettingKey } from './settings.ts'

/** A key's `Key=text` in one of the files. */
export interface Assignment {
  readonly path: string
  readonly line: number
  readonly text: string
}

interface Reading<Value> {
  /** Undefined: the default holds. */
  readonly value: NonNullable<Value> | undefined
  /** Where the value is from, as `path:line`. */
  readonly sources: readonly string[]
  readonly errors: readonly Mistake[]
  /** What is wrong with values that others replace. */
  readonly warnings: readonly Mistake[]
}

/**
 * Reads the assignments of one key: the last one counts, or of a list all after the last empty one. A bad
 * value that does not count is no error, because it may stand in a file of the OS image, which an
 * administrator cannot change.
 */
export function readAssignments<Value>(
  setting: SettingKey<Value>,
  assignments: readonly Assignment[],
): Reading<Value> {
  const start =
    setting.join === undefined
      ? Math.max(assignments.length - 1, 0)
      : assignments.findLastIndex(({ text }) => text === '') + 1
  const read = (some: readonly Assignment[]) => {
    const values: NonNullable<Value>[] = []
    const mistakes: Mistake[] = []
    for (const { path, line, text } of some.filter(({ text }) => text !== ''))
      try {
        values.push(setting.read(text))
      } catch (error) {
        const { reason } = explain(error)
        const remedy = `write ${setting.values}`
        mistakes.push({ path, fault: { line, key: setting.key, reason, remedy } })
      }
    return { values, mistakes }
  }
  const counting = assignments.slice(start).filter(({ text }) => text !== '')
  const { values, mistakes } = read(counting)
  return {
    value: setting.join === undefined || values.length === 0 ? values[0] : setting.join(values),
    sources: counting.map(({ path, line }) => printable(`${path}:${line}`)),
    errors: mistakes,
    warnings: read(assignments.slice(0, start)).mistakes.map(({ path, fault }) => ({
      path,
      fault: { ...fault, reason: `${fault.reason}, but a later assignment replaces it` },
    })),
  }
}
