import type { Configuration } from './parse-settings.ts'
import { section, settingKeys, settingNames, writeSetting } from './settings.ts'

/** The configuration as a file with the same meaning. A comment above each key names its source. */
export function formatConfiguration({ settings, sources }: Configuration): string {
  return [
    `[${section}]`,
    ...settingNames.flatMap(name => {
      const { key, defaultText } = settingKeys[name]
      const source =
        sources[name]?.join(', ') ?? (defaultText ? `default: ${defaultText}` : 'default')
      return [`# ${source}`, `${key}=${writeSetting(settings, name)}`]
    }),
    '',
  ].join('\n')
}
