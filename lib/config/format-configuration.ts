import type { Configuration } from './parse-settings.ts'
import { section, settingKeys, settingNames, writeSetting } from './settings.ts'

/** The configuration as a file that says the same, with a comment above each key that names its source. */
export function formatConfiguration({ settings, sources }: Configuration): string {
  return [
    `[${section}]`,
    ...settingNames.flatMap(name => [
      `# ${sources[name]?.join(', ') ?? 'default'}`,
      `${settingKeys[name].key}=${writeSetting(settings, name)}`,
    ]),
    '',
  ].join('\n')
}
