import type { CommandModule } from 'yargs'
import { printableJson } from '../text/printable-json.ts'
import { formatConfiguration } from '../config/format-configuration.ts'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'

interface Options {
  readonly json: boolean
}

export const configCommand: CommandModule<object, Options> = {
  command: 'config',
  describe: 'Print the configuration: every key, its value and where it is from',
  builder: parser =>
    parser.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: ({ json }) => {
    const configuration = readSettings(hostRoot)
    process.stdout.write(
      json ? `${printableJson(configuration)}\n` : formatConfiguration(configuration),
    )
    for (const warning of configuration.warnings) process.stderr.write(`warning: ${warning}\n`)
  },
}
