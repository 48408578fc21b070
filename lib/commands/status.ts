import { basename } from 'node:path'
import type { CommandModule } from 'yargs'
import { readRefusal, type Refusal } from '../gate/refusal.ts'
import { surveyImages, type ImageReport } from '../gate/survey-images.ts'
import { unitProperty } from '../host/systemctl.ts'
import { printable } from '../spec/printable.ts'
import { readNextRequest } from '../staging/stage.ts'
import { formatTable } from './format-table.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly json: boolean
}

interface Status {
  /** Name of the next deployment's root directory; undefined when none is staged. */
  readonly deployment?: string | undefined
  readonly images: readonly ImageReport[]
  /** Whether ostree's finalization asks our gate first. */
  readonly gateInPlace: boolean
  /** The last deployment that the gate refused, until it lets one pass. */
  readonly refused?: Refusal | undefined
}

export const statusCommand: CommandModule<object, Options> = {
  command: 'status',
  describe: 'Show the bound images of the next deployment: image, state, unit, why',
  builder: parser =>
    parser.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: async ({ json }) => {
    requireRoot()
    const status = await readStatus()
    process.stdout.write(json ? `${JSON.stringify(status, undefined, 2)}\n` : formatStatus(status))
  },
}

async function readStatus(): Promise<Status> {
  const request = await readNextRequest()
  return {
    deployment: request && basename(request.root),
    images: request === undefined ? [] : await surveyImages(request),
    gateInPlace: isGateFirst(await unitProperty('ostree-finalize-staged.service', 'ExecStop')),
    refused: readRefusal(),
  }
}

/** A later drop-in can silently remove or precede our line; only the list that systemd loaded counts. */
export function isGateFirst(execStop: string): boolean {
  const [first] = execStop.split('\n')
  return first !== undefined && /argv\[\]=\S*timeout \d+ \S*bootc-bound-images gate /u.test(first)
}

/** The status as text for people. */
export function formatStatus({ deployment, images, gateInPlace, refused }: Status): string {
  const paragraphs: string[] = []
  if (deployment === undefined) paragraphs.push('No deployment is staged.\n')
  else
    paragraphs.push(
      `Staged deployment ${deployment}\n` +
        (images.length === 0 ? 'It has no bound images.\n' : formatImages(images)),
    )
  if (refused !== undefined)
    paragraphs.push(
      `Deployment ${refused.deployment} was not allowed to become the default at ${refused.time}\n` +
        (refused.error === undefined ? '' : `Reason: ${printable(refused.error)}\n`) +
        (refused.images.length === 0 ? '' : formatImages(refused.images)),
    )
  if (!gateInPlace)
    paragraphs.push(
      'WARNING: the gate is not in place: ostree-finalize-staged.service does not run\n' +
        '"bootc-bound-images gate" first. See systemctl cat ostree-finalize-staged.service.\n',
    )
  return paragraphs.join('\n')
}

function formatImages(images: readonly ImageReport[]): string {
  return formatTable([
    ['IMAGE', 'STATE', 'UNIT', 'WHY'],
    ...images.map(({ image, state, unit, why }) => [
      image ?? '-',
      state,
      unit ?? '-',
      printable(why),
    ]),
  ])
}
