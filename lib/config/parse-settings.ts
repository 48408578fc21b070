import { parseUnitFile } from '../quadlet/unit-file.ts'
import { ConfigurationError, describeMistake, type Mistake } from './configuration-error.ts'
import { readAssignments, type Assignment } from './read-assignments.ts'
import {
  defaultSettings,
  section,
  settingKeys,
  settingNames,
  writeSetting,
  type SettingKey,
  type Settings,
} from './settings.ts'
import { unknownNames } from './unknown-names.ts'

/** A configuration file: the main one or a drop-in. */
export interface ConfigurationFile {
  /** Path on the host, like `/etc/bootc-bound-images.conf`. */
  readonly path: string
  readonly text: string
}

/** The settings in configuration files, and their places. */
export interface Configuration {
  readonly settings: Settings
  /** `path:line` of each assignment that the value comes from. None for a default. */
  readonly sources: { readonly [Name in keyof Settings]?: readonly string[] }
  /** The files that were read, in order. A later file overrides an earlier one. */
  readonly files: readonly string[]
  /** Text without effect, as lines for people. */
  readonly warnings: readonly string[]
}

/**
 * Parses configuration files in the given order. The last assignment of a key counts, and an empty one
 * restores the default.
 *
 * @param mistakes mistakes found so far
 * @param names the settings to read; the others keep their defaults
 * @throws ConfigurationError
 */
export function parseSettings(
  files: readonly ConfigurationFile[],
  mistakes: readonly Mistake[] = [],
  names: readonly (keyof Settings)[] = settingNames,
): Configuration {
  const errors = [...mistakes]
  const warnings: Mistake[] = []
  const assignments = new Map<string, Assignment[]>()
  for (const { path, text } of files) {
    const { unitFile, faults } = parseUnitFile(text)
    errors.push(...faults.map(fault => ({ path, fault })))
    warnings.push(...unknownNames(unitFile).map(fault => ({ path, fault })))
    for (const [key, values] of unitFile.get(section) ?? []) {
      const all = assignments.get(key) ?? []
      assignments.set(key, all)
      for (const { systemdValue, line } of values) all.push({ path, line, text: systemdValue })
    }
  }
  const settings: { -readonly [Name in keyof Settings]: Settings[Name] } = { ...defaultSettings }
  const sources: { [Name in keyof Settings]?: readonly string[] } = {}
  const take = <Name extends keyof Settings>(
    name: Name,
    target: { -readonly [Each in Name]: Settings[Each] },
  ): void => {
    const setting: SettingKey<Settings[Name]> = settingKeys[name]
    const reading = readAssignments(setting, assignments.get(setting.key) ?? [])
    errors.push(...reading.errors)
    warnings.push(...reading.warnings)
    if (reading.value === undefined) return
    target[name] = reading.value
    sources[name] = reading.sources
  }
  for (const name of names) take(name, settings)
  if (errors.length > 0) throw new ConfigurationError(errors)
  return {
    settings,
    sources,
    files: files.map(({ path }) => path),
    warnings: [...warnings.map(describeMistake), ...contradictions(settings)],
  }
}

function contradictions(settings: Settings): readonly string[] {
  if (settings.retryDelaySec <= settings.retryMaxDelaySec) return []
  const [delay, maxDelay] = (['retryDelaySec', 'retryMaxDelaySec'] as const).map(
    name => `${settingKeys[name].key}=${writeSetting(settings, name)}`,
  )
  return [`${delay} has no effect, because ${maxDelay} is smaller`]
}
