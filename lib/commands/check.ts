import type { CommandModule } from 'yargs'
import { checkOnline } from '../check/check-online.ts'
import { checkRoot } from '../check/check-root.ts'
import { byPlace } from '../check/locate-finding.ts'
import { formats } from '../check/report.ts'

interface Options {
  readonly root: string
  readonly json: boolean | undefined
  readonly format: keyof typeof formats | undefined
  readonly online: boolean
  readonly all: boolean
  readonly strict: boolean
}

export const checkCommand: CommandModule<object, Options> = {
  command: 'check',
  describe: 'Check the bound-image specs of an OS image, for example in its Containerfile',
  builder: parser =>
    parser
      .option('root', {
        type: 'string',
        requiresArg: true,
        default: '/',
        describe: 'Directory of the OS image',
      })
      .option('all', {
        type: 'boolean',
        default: false,
        describe: 'Every image that a container or Kubernetes file of Quadlet uses must be bound',
      })
      .option('online', {
        type: 'boolean',
        default: false,
        describe:
          'Ask the registries whether the images exist, and how big they are (needs skopeo)',
      })
      .option('strict', {
        type: 'boolean',
        default: false,
        describe: 'Exit with 1 if there is a warning',
      })
      .option('format', {
        choices: ['text', 'json', 'github'] as const,
        describe: 'How to print: github prints workflow commands',
      })
      // No default: it would conflict with every --format.
      .option('json', { type: 'boolean', describe: 'Same as --format json' })
      .conflicts('format', 'json'),
  handler: async ({
    root,
    json,
    format = json === true ? 'json' : 'text',
    online,
    all,
    strict,
  }) => {
    const { specs, findings: offline, directories, locate } = checkRoot(root, all)
    const registries = online ? await checkOnline(specs) : undefined
    const findings = [...offline, ...(registries?.findings ?? []).map(locate)].toSorted(byPlace)
    const report = { specs, findings, registries: registries?.images, directories }
    process.stdout.write(formats[format](report))
    if (findings.some(({ severity }) => severity === 'error' || (strict && severity === 'warning')))
      process.exitCode = 1
  },
}
