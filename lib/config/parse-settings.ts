import { describeProblem, explain, type Fault } from '../spec/fault.ts'
import { parseUnitFile, type UnitFile } from '../spec/unit-file.ts'
import { nearest } from './nearest.ts'
import {
  defaultSettings,
  section,
  settingKeys,
  settingNames,
  type SettingKey,
  type Settings,
} from './settings.ts'

/** A configuration file: the main one or a drop-in. */
export interface ConfigurationFile {
  /** As the host knows it, like `/etc/bootc-bound-images.conf`. */
  readonly path: string
  readonly text: string
}

/** What configuration files say, and where. */
export interface Configuration {
  readonly settings: Settings
  /** `path:line` of each assignment that made a value; none for a default. */
  readonly sources: { readonly [Name in keyof Settings]?: readonly string[] }
  /** The files that were read, in the order in which they count; a later one wins. */
  readonly files: readonly string[]
  /** What has no effect, a line of text each. */
  readonly warnings: readonly string[]
}

/** A fault of a configuration file. */
export interface Mistake {
  readonly path: string
  readonly fault: Fault
}

/** Everything that is wrong with the configuration, a line of text each. */
export class ConfigurationError extends Error {
  constructor(mistakes: readonly Mistake[]) {
    super(['the configuration cannot be used', ...mistakes.map(describeMistake)].join('\n'))
  }
}

interface PlacedAssignment {
  readonly path: string
  readonly line: number
  readonly text: string
}

/**
 * Reads configuration files that have been put in order: of a key that is assigned again, the last
 * assignment counts, and an empty one means the default. A bad value that is replaced by another is only a
 * warning: it may stand in a file of the OS image, which an administrator cannot change.
 *
 * @param mistakes what is known to be wrong already
 * @throws ConfigurationError
 */
export function parseSettings(
  files: readonly ConfigurationFile[],
  mistakes: readonly Mistake[] = [],
): Configuration {
  const errors = [...mistakes]
  const warnings: Mistake[] = []
  const assignments = new Map<string, readonly PlacedAssignment[]>()
  for (const { path, text } of files) {
    const { unitFile, faults } = parseUnitFile(text)
    errors.push(...faults.map(fault => ({ path, fault })))
    warnings.push(...unknownNames(unitFile).map(fault => ({ path, fault })))
    for (const [key, values] of unitFile.get(section) ?? [])
      assignments.set(key, [
        ...(assignments.get(key) ?? []),
        ...values.map(({ systemdValue, line }) => ({ path, line, text: systemdValue })),
      ])
  }
  const settings: { -readonly [Name in keyof Settings]: Settings[Name] } = { ...defaultSettings }
  const sources: { [Name in keyof Settings]?: readonly string[] } = {}
  const take = <Name extends keyof Settings>(
    name: Name,
    target: { -readonly [Each in Name]: Settings[Each] },
  ): void => {
    const setting: SettingKey<Settings[Name]> = settingKeys[name]
    const { value, places, bad, replaced } = read(setting, assignments.get(setting.key) ?? [])
    errors.push(...bad)
    warnings.push(...replaced)
    if (value === undefined) return
    target[name] = value
    sources[name] = places
  }
  for (const name of settingNames) take(name, settings)
  if (errors.length > 0) throw new ConfigurationError(errors)
  return {
    settings,
    sources,
    files: files.map(({ path }) => path),
    warnings: warnings.map(describeMistake),
  }
}

interface Reading<Value> {
  readonly value: NonNullable<Value> | undefined
  readonly places: readonly string[]
  readonly bad: readonly Mistake[]
  readonly replaced: readonly Mistake[]
}

function read<Value>(
  setting: SettingKey<Value>,
  assignments: readonly PlacedAssignment[],
): Reading<Value> {
  const { key, values, add } = setting
  let value: NonNullable<Value> | undefined
  let places: readonly string[] = []
  let bad: readonly Mistake[] = []
  const replaced: Mistake[] = []
  for (const { path, line, text } of assignments) {
    const isAdded = add !== undefined && text !== ''
    if (!isAdded) {
      replaced.push(...bad.map(asReplaced))
      ;[value, places, bad] = [undefined, [], []]
    }
    if (text === '') continue
    try {
      const next = setting.read(text)
      value = value === undefined || add === undefined ? next : add(value, next)
      places = [...places, `${path}:${line}`]
    } catch (error) {
      const { reason } = explain(error)
      bad = [...bad, { path, fault: { line, key, reason, remedy: `write ${values}` } }]
    }
  }
  return { value, places, bad, replaced }
}

function asReplaced({ path, fault }: Mistake): Mistake {
  return { path, fault: { ...fault, reason: `${fault.reason}; a later assignment replaces it` } }
}

/** What systemd would ignore with a warning, too; names with X- in front are for other programs. */
function unknownNames(unitFile: UnitFile): readonly Fault[] {
  const keys = settingNames.map(name => settingKeys[name].key)
  const faults: Fault[] = []
  for (const [name, assignments] of unitFile) {
    if (name === section || name.startsWith('X-')) continue
    const [line] = [...assignments.values()].flatMap(([first]) => first?.line ?? [])
    faults.push({
      line,
      reason: `[${name}] has no effect, there is no such section`,
      remedy: `did you mean [${section}]?`,
    })
  }
  for (const [key, assignments] of unitFile.get(section) ?? [])
    if (!keys.includes(key) && !key.startsWith('X-')) {
      const near = nearest(key, keys)
      faults.push({
        line: assignments[0]?.line,
        key,
        reason: 'this has no effect, there is no such key',
        remedy: near === undefined ? `the keys are ${keys.join(', ')}` : `did you mean ${near}?`,
      })
    }
  return faults
}

function describeMistake({ path, fault }: Mistake): string {
  return describeProblem({ entry: path, faults: [fault] }).join('\n')
}
