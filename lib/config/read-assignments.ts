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
  /** Undefined if the default applies. */
  readonly value: NonNullable<Value> | undefined
  /** Sources of the value, as `path:line`. */
  readonly sources: readonly string[]
  readonly errors: readonly Mistake[]
  /** Mistakes in values that a later assignment replaces. */
  readonly warnings: readonly Mistake[]
}

/**
 * Reads the assignments of one key. The last one counts. For a list, all assignments after the last empty one
 * count. A bad value that does not count is only a warning, because it may be in a file of the OS image,
 * which an administrator cannot change.
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
  const effective = assignments.slice(start).filter(({ text }) => text !== '')
  const { values, mistakes } = read(effective)
  return {
    value: setting.join === undefined || values.length === 0 ? values[0] : setting.join(values),
    sources: effective.map(({ path, line }) => printable(`${path}:${line}`)),
    errors: mistakes,
    warnings: read(assignments.slice(0, start)).mistakes.map(({ path, fault }) => ({
      path,
      fault: { ...fault, reason: `${fault.reason}, but a later assignment replaces it` },
    })),
  }
}
