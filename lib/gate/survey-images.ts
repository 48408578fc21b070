import type { Request } from '../generate.ts'
import { lastError } from '../host/journal.ts'
import { presentImages } from '../host/podman.ts'
import type { UnitState } from '../host/parse-unit-states.ts'
import { unitStates } from '../host/systemctl.ts'
import { pullProgress } from '../plan/pull-progress.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { describeProblem } from '../spec/fault.ts'

/** What became of one bound image, or of one spec that cannot be used. */
export interface ImageReport {
  /** Undefined for a spec that cannot be used. */
  readonly image?: string
  readonly state: 'present' | 'pulling' | 'retrying' | 'failed' | 'missing' | 'broken spec'
  /** The pending unit. */
  readonly unit?: string
  /** Entries of the specs that ask for the image. */
  readonly entries: readonly string[]
  /** One line for people; empty when there is nothing to explain. */
  readonly why: string
}

/**
 * Finds out about every bound image of a root. Presence is asked of podman's store; the units and the
 * journal only explain absence.
 */
export async function surveyImages({ plan, problems }: Request): Promise<readonly ImageReport[]> {
  const present = await presentImages(plan.pulls.map(({ boundImage }) => boundImage.name))
  const states = await unitStates(plan.pulls.map(({ unit }) => unit))
  const reports = plan.pulls.map((pull, index) =>
    reportPull(pull, states[index], present.has(pull.boundImage.name)),
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

async function reportPull(
  { unit, boundImage: { name: image }, entries }: Pull,
  unitState: UnitState | undefined,
  isPresent: boolean,
): Promise<ImageReport> {
  const progress = unitState === undefined ? 'unknown' : pullProgress(unitState)
  const report = { image, unit, entries }
  if (isPresent) {
    const why =
      progress === 'failed' ? `an earlier copy; pulling again failed: ${await reason(unit)}` : ''
    return { ...report, state: 'present', why }
  }
  if (progress === 'pulling') return { ...report, state: 'pulling', why: '' }
  if (progress === 'retrying' || progress === 'failed')
    return { ...report, state: progress, why: await reason(unit) }
  const why = {
    pulled: 'it was pulled, but is no longer in the image store',
    stopped: await reason(unit, 'its pull did not run to its end'),
    unknown: 'its pull was not started',
  }[progress]
  return { ...report, state: 'missing', why }
}

async function reason(unit: string, otherwise?: string): Promise<string> {
  return (await lastError(unit)) ?? otherwise ?? `see journalctl -u ${unit}`
}
