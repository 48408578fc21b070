import type { CommandModule } from 'yargs'
import { printableJson } from '../text/printable-json.ts'
import { hostRoot } from '../directories.ts'
import { describeError } from '../text/describe-error.ts'
import { gateWarnings } from '../shutdown/gate-warnings.ts'
import { readRefusal, type RefusedImage, type GateRefusal } from '../state/gate-refusal.ts'
import { podmanWeakness } from '../facts/podman-weakness.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import { suspicions } from '../state/unfinished-pulls.ts'
import { pullFacts } from '../request/host-facts.ts'
import { findNextDeployment, type DeploymentRole } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { printable } from '../text/printable.ts'
import { stagingRefusal } from '../state/last-staging.ts'
import { findImages } from '../survey/find-images.ts'
import { allPresent, surveyImages, type ImageReport } from '../survey/survey-images.ts'
import { backendOf } from '../backend/host-backend.ts'
import { formatTable } from '../text/format-table.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly json: boolean
}

interface Status {
  /** Name of the next deployment; undefined if none is staged or requested and no image is missing. */
  readonly deployment?: string | undefined
  readonly role?: DeploymentRole | undefined
  readonly images: readonly ImageReport[]
  /** Why nothing is known about the images. */
  readonly error?: string | undefined
  /** Whether the deployment stays staged at a shutdown, because somebody has locked it. */
  readonly locked?: boolean | undefined
  /** Why the pulls were not started. */
  readonly notStarted?: string | undefined
  /** Whether the gate runs before the deployment is finalized. */
  readonly gateInPlace: boolean
  readonly warnings: readonly string[]
  /**
   * The last deployment that the gate refused, until it lets one pass. `isEarlier`: another one has been staged or
   * started since.
   */
  readonly refused?: (GateRefusal & { readonly isEarlier: boolean }) | undefined
}

export const statusCommand: CommandModule<object, Options> = {
  command: 'status',
  describe: 'Show the bound images of the next deployment: image, state, unit, why',
  builder: parser =>
    parser.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: async ({ json }) => {
    requireRoot()
    const status = await readStatus()
    process.stdout.write(json ? `${printableJson(status)}\n` : formatStatus(status))
    if (status.error !== undefined) process.exitCode = 1
  },
}

async function readStatus(): Promise<Status> {
  const warnings = await gateWarnings()
  const deployment = await readDeploymentStatus().catch((error: unknown): DeploymentStatus => ({
    images: [],
    error: describeError(error),
  }))
  const refused = readRefusal()
  return {
    ...deployment,
    gateInPlace: warnings.length === 0,
    warnings: [...warnings, ...(deployment.warnings ?? []), ...suspicionWarnings()],
    refused: refused && { ...refused, isEarlier: isEarlier(refused, deployment) },
  }
}

/**
 * Whether a refusal is no longer what matters: the running deployment is another one than then, or another one is the
 * next.
 */
export function isEarlier(
  { deployment, running }: GateRefusal,
  next: Pick<Status, 'deployment' | 'role'> = {},
): boolean {
  const isReplaced =
    (next.role === 'staged' || next.role === 'requested') && next.deployment !== deployment
  return (
    isReplaced || (running !== undefined && running !== backendOf(hostRoot).running(hostRoot)?.name)
  )
}

type DeploymentStatus = Partial<Status> & Pick<Status, 'images'>

async function readDeploymentStatus(): Promise<DeploymentStatus> {
  const next = findNextDeployment()
  const { role } = next
  limitPodman({ each: shortTimeout })
  const facts = await pullFacts()
  const request = readNextRequest(next, facts)
  const plan = planAsStaged(request, facts.settings)
  const images = await surveyImages(request, plan, await findImages(request, plan, facts))
  const isStaged = role === 'staged' || role === 'requested'
  return isStaged || !allPresent(images)
    ? {
        deployment: request.name,
        role,
        locked: backendOf(hostRoot).isLocked(hostRoot),
        images,
        notStarted: stagingRefusal(),
        warnings: images.length === 0 ? [] : podmanWarnings(facts.podmanRelease),
      }
    : { images: [] }
}

function suspicionWarnings(): readonly string[] {
  const events = [...new Set(suspicions().map(({ event }) => event))]
  return events.map(
    event =>
      `${event}: until the image store is checked, images without a record do not count, and every pulled image is read back`,
  )
}

function podmanWarnings(release: string): readonly string[] {
  const weakness = podmanWeakness(release)
  return weakness === undefined ? [] : [`${weakness.reason}. Remedy: ${weakness.remedy}`]
}

const titles: Readonly<Record<DeploymentRole, string>> = {
  staged: 'Staged deployment',
  requested: 'Requested deployment',
  default: 'Not staged, so not held back by the gate, is the next deployment',
  booted: 'Bound images are missing from the running deployment',
}

/** Formats the status as text for people. */
export function formatStatus(status: Status): string {
  const {
    deployment,
    role = 'staged',
    locked,
    images,
    error,
    notStarted,
    warnings,
    refused,
  } = status
  const paragraphs: string[] = []
  if (error !== undefined)
    paragraphs.push(
      `Nothing is known about the images: ${error.split('\n').map(printable).join('\n')}\n`,
    )
  else if (deployment === undefined) paragraphs.push('No deployment is staged.\n')
  else
    paragraphs.push(
      `${titles[role]} ${deployment}\n` +
        (locked === true
          ? 'It is locked: a reboot does not apply it until it is unlocked.\n'
          : '') +
        (images.length === 0 ? 'It has no bound images.\n' : formatImages(images)) +
        (notStarted === undefined ? '' : `The pulls were not started: ${printable(notStarted)}\n`),
    )
  if (refused?.isEarlier === true)
    paragraphs.push(
      `Earlier, at ${refused.time}, deployment ${refused.deployment} was not allowed to become the default.\n`,
    )
  else if (refused !== undefined)
    paragraphs.push(
      `${refusalLines({ ...refused, images: [] }).join('\n')}\n` +
        (refused.images.length === 0 ? '' : formatImages(refused.images)),
    )
  paragraphs.push(...warnings.map(warning => `WARNING: ${warning}\n`))
  return paragraphs.join('\n')
}

/** Formats what the gate refused and what to do, as lines for people. */
export function refusalLines({ deployment, time, error, images }: GateRefusal): readonly string[] {
  return [
    `Deployment ${deployment} was not allowed to become the default at ${time}`,
    ...(error === undefined ? [] : `Reason: ${error}`.split('\n').map(printable)),
    ...images
      .filter(({ state }) => state !== 'present')
      .map(({ image, state, why }) => `${image ?? 'broken spec'} ${state}: ${printable(why)}`),
    'Remedy: stage the update again, and see whether "systemctl start bootc-bound-images.target" succeeds',
  ]
}

function formatImages(images: readonly RefusedImage[]): string {
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
