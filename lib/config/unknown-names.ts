import type { Fault } from '../text/fault.ts'
import type { UnitFile } from '../quadlet/unit-file.ts'
import { nearest } from './nearest.ts'
import { section, settingKeys, settingNames } from './settings.ts'

const keys = settingNames.map(name => settingKeys[name].key)

/** Reports unknown sections and keys. As in units, names that start with X- are for other programs. */
export function unknownNames(unitFile: UnitFile): readonly Fault[] {
  const sections = [...unitFile].filter(([name]) => name !== section && !isForOtherPrograms(name))
  const unknown = [...(unitFile.get(section) ?? [])].filter(
    ([key]) => !keys.includes(key) && !isForOtherPrograms(key),
  )
  return [
    ...sections.map(([name, assignments]) => ({
      line: [...assignments.values()][0]?.[0]?.line,
      reason: `unknown section [${name}], ignored`,
      remedy: `did you mean [${section}]?`,
    })),
    ...unknown.map(([key, [first]]) => ({
      line: first?.line,
      key,
      reason: 'unknown key, ignored',
      remedy: remedyFor(key),
    })),
  ]
}

function isForOtherPrograms(name: string): boolean {
  return name.startsWith('X-')
}

function remedyFor(key: string): string {
  const near = nearest(key, keys)
  return near === undefined ? `valid keys: ${keys.join(', ')}` : `did you mean ${near}?`
}
