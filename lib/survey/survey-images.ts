import type { Request } from '../generate.ts'
import { lastError } from '../host/journal.ts'
import type { UnitState } from '../host/parse-unit-states.ts'
import { storedImages } from '../host/podman.ts'
import { readPullRecord } from '../host/pull-records.ts'
import { unitStates } from '../host/systemctl.ts'
import { suspectPulls } from '../host/unfinished-pulls.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { pullProgress } from '../plan/pull-progress.ts'
import { recordName } from '../render/pull-steps.ts'
import type { PullFacts } from '../render/render-units.ts'
import { describeProblem } from '../spec/fault.ts'

/** Whether an image is safely on disk; `unverified` is one that a power failure may have damaged. */
export type Presence = 'present' | 'unverified' | 'missing'

/** What became of one bound image, or of one spec that cannot be used. */
export interface ImageReport {
  /** Undefined for a spec that cannot be used. */
  readonly image?: string
  readonly state: Presence | 'pulling' | 'retrying' | 'failed' | 'broken spec'
  /** The pending unit. */
  readonly unit?: string
  /** Entries of the specs that ask for the image. */
  readonly entries: readonly string[]
  /** One line for people; empty when there is nothing to explain. */
  readonly why: string
}

/**
 * Which images are safely on disk, asked of podman alone and in one process unless one is missing. When the
 * host went down in the middle of pulls, an image counts only with a record of the very same id, because that
 * is written after a sync.
 */
export async function readPresences(
  pulls: readonly Pull[],
  { imageStore }: Pick<PullFacts, 'imageStore'>,
): Promise<readonly Presence[]> {
  const stored = await storedImages(
    pulls.map(({ boundImage }) => boundImage.name),
    imageStore,
  )
  const isSuspect = suspectPulls().length > 0
  return pulls.map(({ unit, boundImage }) => {
    const image = stored.get(boundImage.name)
    if (image === undefined) return 'missing'
    return isSuspect && readPullRecord(recordName(unit))?.id !== image.id ? 'unverified' : 'present'
  })
}

/** Finds out about every bound image of a root. The units and the journal only explain absence. */
export async function surveyImages(
  { plan: { pulls }, problems }: Request,
  facts: Pick<PullFacts, 'imageStore'>,
): Promise<readonly ImageReport[]> {
  const presences = await readPresences(pulls, facts)
  const states = await unitStates(pulls.map(({ unit }) => unit))
  const reports = pulls.map((pull, index) =>
    reportPull(pull, states[index], presences[index] ?? 'missing'),
  )
  return [
    ...(await Promise.all(reports)),
    ...problems.map(problem => ({
      state: 'broken spec' as const,
      entries: [problem.entry],
      why: describeProblem(problem).join('; '),
    })),
  ]
}

/** Whether the deployment may become the default. */
export function allPresent(reports: readonly ImageReport[]): boolean {
  return reports.every(({ state }) => state === 'present')
}

/** One line for people. */
export function describeReport({ image, state, why }: ImageReport): string {
  return `${image ?? 'broken spec'}: ${[state, why].filter(Boolean).join(': ')}`
}

async function reportPull(
  { unit, boundImage: { name: image }, entries }: Pull,
  unitState: UnitState | undefined,
  presence: Presence,
): Promise<ImageReport> {
  const progress = unitState === undefined ? 'unknown' : pullProgress(unitState)
  const report = { image, unit, entries }
  if (presence === 'present') {
    const why =
      progress === 'failed' ? `an earlier copy; pulling again failed: ${await reason(unit)}` : ''
    return { ...report, state: 'present', why }
  }
  if (progress === 'pulling') return { ...report, state: 'pulling', why: '' }
  if (progress === 'retrying' || progress === 'failed')
    return { ...report, state: progress, why: await reason(unit) }
  if (presence === 'unverified')
    return { ...report, state: 'unverified', why: 'the host went down while it was pulled' }
  const why = {
    pulled: 'it was pulled, but is no longer in the image store',
    stopped: await reason(unit, 'its pull did not run to its end'),
    unknown: 'its pull was not started',
  }[progress]
  return { ...report, state: 'missing', why }
}

async function reason(unit: string, otherwise?: string): Promise<string> {
  return (
    (await lastError(unit)) ??
    otherwise ??
    `the journal has no error of it; see systemctl status ${unit}`
  )
}
