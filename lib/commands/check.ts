import { realpathSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import { printableJson } from '../text/printable-json.ts'
import { checkOnline, type OnlineImage } from '../check/check-online.ts'
import { checkRoot } from '../check/check-root.ts'
import { describeFinding, type Finding } from '../check/finding.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { formatTable } from './format-table.ts'

interface Options {
  readonly root: string
  readonly json: boolean
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
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: async ({ root, json, online, all, strict }) => {
    const { specs, findings: offline, directories } = checkRoot(realpathSync(root), all)
    const registries = online ? await checkOnline(specs) : undefined
    const findings = [...offline, ...(registries?.findings ?? [])]
    process.stdout.write(
      json
        ? `${printableJson({ images: specs.map(imageOf), registries: registries?.images, findings })}\n`
        : formatCheck(specs, findings, registries?.images, directories),
    )
    if (findings.some(({ severity }) => strict || severity === 'error')) process.exitCode = 1
  },
}

function imageOf({ entry, file, boundImage: { image, name } }: BoundImageSpec) {
  return { entry, file, image, name }
}

function formatCheck(
  specs: readonly BoundImageSpec[],
  findings: readonly Finding[],
  images: readonly OnlineImage[] | undefined,
  directories: readonly string[],
): string {
  const count = (severity: Finding['severity']) =>
    findings.filter(finding => finding.severity === severity).length
  return [
    ...findings.map(finding => `${describeFinding(finding)}\n`),
    images === undefined ? '' : formatImages(images),
    specs.length === 0 ? `No bound image in ${directories.join(', ')}.\n` : '',
    `Bound images: ${specs.length}, errors: ${count('error')}, warnings: ${count('warning')}\n`,
  ].join('')
}

function formatImages(images: readonly OnlineImage[]): string {
  return formatTable([
    ['IMAGE', 'ARCHITECTURE', 'BYTES', 'ALREADY HERE'],
    ...images.map(({ image, architecture, bytes, presentBytes }) => [
      image,
      architecture,
      String(bytes),
      String(presentBytes),
    ]),
  ])
}
