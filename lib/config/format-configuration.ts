import type { Configuration } from './parse-settings.ts'
import { section, settingKeys, settingNames, writeSetting } from './settings.ts'

/** The configuration as a file that says the same, with a comment above each key that names its source. */
export function formatConfiguration({ settings, sources }: Configuration): string {
  return [
    `[${section}]`,
    ...settingNames.flatMap(name => {
      const { key, otherwise } = settingKeys[name]
      const source = sources[name]?.join(', ') ?? (otherwise ? `default: ${otherwise}` : 'default')
      return [`# ${source}`, `${key}=${writeSetting(settings, name)}`]
    }),
    '',
  ].join('\n')
}
