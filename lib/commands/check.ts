import type { CommandModule } from 'yargs'
import { formatBytes } from '../plan/disk-space.ts'
import { printable } from '../text/printable.ts'
import { printableJson } from '../text/printable-json.ts'
import { checkOnline, type OnlineImage } from '../check/check-online.ts'
import { checkRoot } from '../check/check-root.ts'
import { formatFinding, formatGithubCommand } from '../check/format-finding.ts'
import { byPlace, type LocatedFinding } from '../check/locate-finding.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { formatTable } from './format-table.ts'

interface Options {
  readonly root: string
  readonly json: boolean | undefined
  readonly format: 'text' | 'json' | 'github' | undefined
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

interface Report {
  readonly specs: readonly BoundImageSpec[]
  readonly findings: readonly LocatedFinding[]
  readonly registries: readonly OnlineImage[] | undefined
  readonly directories: readonly string[]
}

/** Raised when a program that reads the output must change. */
const jsonVersion = 1

const formats: Readonly<Record<'text' | 'json' | 'github', (report: Report) => string>> = {
  json: ({ specs, findings, registries }) =>
    `${printableJson({ version: jsonVersion, images: specs.map(imageOf), registries: registries?.map(answerOf), findings })}\n`,
  text: report => {
    const { findings, registries } = report
    return [
      ...findings.map(finding => `${formatFinding(finding)}\n`),
      registries === undefined ? '' : formatImages(registries),
      ...summary(report).map(line => `${line}\n`),
    ].join('')
  },
  // Every line is a command, so that no text of a root can be one.
  github: report =>
    [...report.findings, ...summary(report).map(reason => ({ severity: 'note' as const, reason }))]
      .map(finding => `${formatGithubCommand(finding)}\n`)
      .join(''),
}

function imageOf({ entry, file, boundImage: { image, name } }: BoundImageSpec) {
  return { entry, file, image, name }
}

/** null says that a number is not known, where a missing key could be a mistake. */
function answerOf(image: OnlineImage) {
  return { ...image, presentBytes: image.presentBytes ?? null }
}

function summary({ specs, findings, directories }: Report): readonly string[] {
  const count = (wanted: LocatedFinding['severity']) =>
    findings.filter(({ severity }) => severity === wanted).length
  return [
    ...(specs.length === 0 ? [`No bound image in ${directories.join(', ')}.`] : []),
    `Bound images: ${specs.length}, errors: ${count('error')}, warnings: ${count('warning')}`,
  ]
}

function formatImages(images: readonly OnlineImage[]): string {
  return formatTable([
    ['IMAGE', 'ARCHITECTURE', 'SIZE', 'ALREADY HERE'],
    ...images.map(({ image, architecture, bytes, presentBytes }) => [
      image,
      printable(architecture),
      formatBytes(bytes),
      presentBytes === undefined ? '-' : formatBytes(presentBytes),
    ]),
  ])
}
