import type { CommandModule } from 'yargs'
import { gateWarnings } from '../gate/gate-warnings.ts'
import { readRefusal, type Refusal } from '../gate/refusal.ts'
import { surveyImages, type ImageReport } from '../gate/survey-images.ts'
import { suspects } from '../host/dirty-mark.ts'
import { printable } from '../spec/printable.ts'
import { pullFacts } from '../staging/host-facts.ts'
import type { Standing } from '../staging/next-deployment.ts'
import { readNextRequest } from '../staging/read-host-request.ts'
import { findNextDeployment } from '../staging/stage.ts'
import { stagingRefusal } from '../staging/staging-refusal.ts'
import { formatTable } from './format-table.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly json: boolean
}

interface Status {
  /** Name of the next deployment; undefined when none is staged and the running one lacks nothing. */
  readonly deployment?: string | undefined
  readonly standing?: Standing | undefined
  readonly images: readonly ImageReport[]
  /** Why the pulls were not started. */
  readonly notStarted?: string | undefined
  /** Whether ostree's finalization asks our gate first. */
  readonly gateInPlace: boolean
  readonly warnings: readonly string[]
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
  const warnings = await gateWarnings()
  const status = {
    gateInPlace: warnings.length === 0,
    warnings: [...warnings, ...powerFailureWarnings()],
    refused: readRefusal(),
  }
  const next = findNextDeployment()
  const facts = await pullFacts()
  const request = next && (await readNextRequest(next, facts))
  const images = request === undefined ? [] : await surveyImages(request, facts)
  const isStaged = next?.standing === 'staged' || next?.standing === 'requested'
  if (!isStaged && images.every(({ state }) => state === 'present'))
    return { ...status, images: [] }
  return {
    deployment: request?.name,
    standing: next?.standing,
    images,
    notStarted: stagingRefusal(),
    ...status,
  }
}

function powerFailureWarnings(): readonly string[] {
  const count = suspects().length
  return count === 0
    ? []
    : [
        `the host went down in the middle of ${count} pulls; until each was done again, every image that is pulled is read back and checked`,
      ]
}

const titles: Readonly<Record<Standing, string>> = {
  staged: 'Staged deployment',
  requested: 'Requested deployment',
  default: 'Not staged, so not held back by the gate, is the next deployment',
  booted: 'Bound images are missing from the running deployment',
}

/** The status as text for people. */
export function formatStatus(status: Status): string {
  const { deployment, standing = 'staged', images, notStarted, warnings, refused } = status
  const paragraphs: string[] = []
  if (deployment === undefined) paragraphs.push('No deployment is staged.\n')
  else
    paragraphs.push(
      `${titles[standing]} ${deployment}\n` +
        (images.length === 0 ? 'It has no bound images.\n' : formatImages(images)) +
        (notStarted === undefined ? '' : `The pulls were not started: ${printable(notStarted)}\n`),
    )
  if (refused !== undefined)
    paragraphs.push(
      `${refusalLines({ ...refused, images: [] }).join('\n')}\n` +
        (refused.images.length === 0 ? '' : formatImages(refused.images)),
    )
  paragraphs.push(...warnings.map(warning => `WARNING: ${warning}\n`))
  return paragraphs.join('\n')
}

/** What the gate refused and what to do, as lines for people. */
export function refusalLines({ deployment, time, error, images }: Refusal): readonly string[] {
  return [
    `Deployment ${deployment} was not allowed to become the default at ${time}`,
    ...(error === undefined ? [] : `Reason: ${error}`.split('\n').map(printable)),
    ...images
      .filter(({ state }) => state !== 'present')
      .map(({ image, state, why }) => `${image ?? 'broken spec'} ${state}: ${printable(why)}`),
    'Remedy: stage the update again, and see whether "systemctl start bootc-bound-images.target" succeeds',
  ]
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
