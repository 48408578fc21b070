import { realpathSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import { checkOnline, type OnlineImage } from '../check/check-online.ts'
import { checkRoot } from '../check/check-root.ts'
import { describeFinding, type Finding } from '../check/finding.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { formatTable } from './format-table.ts'

interface Options {
  readonly root: string
  readonly json: boolean
  readonly online: boolean
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
      .option('online', {
        type: 'boolean',
        default: false,
        describe:
          'Ask the registries whether the images exist, and how big they are (needs skopeo)',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: async ({ root, json, online }) => {
    const { specs, findings: offline } = checkRoot(realpathSync(root))
    const registries = online ? await checkOnline(specs) : undefined
    const findings = [...offline, ...(registries?.findings ?? [])]
    process.stdout.write(
      json
        ? `${JSON.stringify({ images: specs.map(imageOf), registries: registries?.images, findings }, undefined, 2)}\n`
        : formatCheck(specs, findings, registries?.images),
    )
    if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1
  },
}

function imageOf({ entry, file, boundImage: { image, name } }: BoundImageSpec) {
  return { entry, file, image, name }
}

function formatCheck(
  specs: readonly BoundImageSpec[],
  findings: readonly Finding[],
  images: readonly OnlineImage[] | undefined,
): string {
  const count = (severity: Finding['severity']) =>
    findings.filter(finding => finding.severity === severity).length
  return [
    ...findings.map(finding => `${describeFinding(finding)}\n`),
    images === undefined ? '' : formatImages(images),
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
