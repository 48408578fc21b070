import type { Request } from '../request/request.ts'
import { lastError } from '../host/journal.ts'
import type { Plan, Pull } from '../plan/plan-pulls.ts'
import type { Verification } from '../state/pull-records.ts'
import { describeProblem } from '../text/fault.ts'
import { printable } from '../text/printable.ts'
import type { FoundImage, Presence } from './find-images.ts'
import { pullStates, type PullState } from './pull-states.ts'

/** A report about one bound image, or about one spec that cannot be used. */
export interface ImageReport {
  /** Undefined for a spec that cannot be used. */
  readonly image?: string
  /** Set if it is an artifact. */
  readonly kind?: 'artifact'
  /** The digest by which it is pulled, if its name has none. */
  readonly digest?: string | undefined
  readonly state: Presence | 'pulling' | 'retrying' | 'failed' | 'broken spec'
  /** Whether a pull has proven that the present image is the one that its digest names. Undefined for a broken spec. */
  readonly verified?: boolean
  /** The pending unit; undefined if no pull was needed. */
  readonly unit?: string
  /** Expected size of the download, compressed; undefined if unknown. */
  readonly bytes?: number | undefined
  /** Entries of the specs that ask for the image. */
  readonly entries: readonly string[]
  /** One line for people; empty if there is nothing to explain. */
  readonly why: string
}

/**
 * Reports on every bound image of a root. Units and journal only explain why an image is missing.
 *
 * @param found see `findImages`
 * @param errors why pulls without their units failed, by unit
 */
export async function surveyImages(
  { problems }: Pick<Request, 'problems'>,
  { pulls }: Plan,
  found: readonly FoundImage[],
  errors: ReadonlyMap<string, string> = new Map(),
): Promise<readonly ImageReport[]> {
  const needed = pulls.filter(({ isNeeded }) => isNeeded).map(({ unit }) => unit)
  const states = new Map((await pullStates(needed)).map(state => [state.unit, state]))
  const reports = pulls.map((pull, index) =>
    reportPull(pull, states.get(pull.unit), found[index], errors.get(pull.unit)),
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
  return printable(`${image ?? 'broken spec'}: ${[state, why].filter(Boolean).join(': ')}`)
}

async function reportPull(
  { unit, boundImage: { name: image, digest, isArtifact }, entries, isNeeded, bytes, noRoom }: Pull,
  pullState: PullState | undefined,
  { presence, verification, why: unusable }: FoundImage = { presence: 'missing', id: undefined },
  error: string | undefined,
): Promise<ImageReport> {
  const progress = pullState?.progress ?? 'unknown'
  const kind = isArtifact && { kind: 'artifact' as const }
  const verified = presence === 'present' && verification === 'verified'
  const report = { image, ...kind, digest, ...(isNeeded && { unit }), bytes, entries, verified }
  if (presence === 'present') {
    const why =
      progress === 'failed'
        ? `an earlier copy; pulling again failed: ${await reason(unit)}`
        : verification === undefined
          ? ''
          : verifications[verification]
    return { ...report, state: 'present', why }
  }
  if (progress === 'pulling') return { ...report, state: 'pulling', why: '' }
  if (progress === 'retrying' || progress === 'failed')
    return { ...report, state: progress, why: await reason(unit) }
  if (unusable !== undefined) return { ...report, state: presence, why: unusable }
  const byProgress = {
    pulled: 'it was pulled, but is no longer in the image store',
    stopped: await reason(unit, 'its pull was stopped'),
    unknown: 'its pull was not started',
  }[progress]
  return { ...report, state: 'missing', why: error ?? noRoom ?? byProgress }
}

/** What is proven of a present image, for people. */
const verifications: Readonly<Record<Verification, string>> = {
  verified: 'verified',
  contents: 'contents verified; its name has no digest to verify',
  unknown: 'not verified: the image store does not record what is in its layers',
}

async function reason(unit: string, unlessLogged?: string): Promise<string> {
  return (
    (await lastError(unit)) ??
    unlessLogged ??
    `the journal has no error for it; see systemctl status ${unit}`
  )
}
