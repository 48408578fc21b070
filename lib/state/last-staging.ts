// /run/bootc-bound-images/last-staging: what the last staging read and how it ended, for units/programs/recheck and for
// whoever asks later. Lines: SHA-256 of ostree's file about the staged deployment, or "-"; time of change of ostree's
// deployments in nanoseconds; outcome; why the pulls were not started, if they were not. Written by stage before
// anything can fail, so that a lasting error is not a loop, and at its end. Failure policy: every failure is an error.
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { readStagedFile } from '../root/staged-deployment.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from './write-file-safely.ts'

const file = join(runtimeDirectory, 'last-staging')

/** What tells whether deployments have changed since a staging read them. */
export interface SeenDeployments {
  /** ostree's file about the staged deployment, if any. */
  readonly staged: Buffer | undefined
  /** When the list of deployments was last changed, in nanoseconds; ostree touches the directory. */
  readonly changed: string
}

/** How a staging ended; `running` also stands for one that was killed or could not come to its end. */
export type StagingOutcome = 'running' | 'failed' | 'succeeded'

/** Reads which deployments there are. */
export function seeDeployments(): SeenDeployments {
  const directory = statSync(join(hostRoot, 'sysroot/ostree/deploy'), {
    bigint: true,
    throwIfNoEntry: false,
  })
  return { staged: readStagedFile(hostRoot), changed: String(directory?.mtimeNs ?? '') }
}

/** Whether the deployments are as they were. */
export function isSame(a: SeenDeployments, b: SeenDeployments): boolean {
  return a.changed === b.changed && hash(a.staged) === hash(b.staged)
}

/** @param refusal why the pulls were not started; undefined when they were, or need not be */
export function writeLastStaging(
  { staged, changed }: SeenDeployments,
  outcome: StagingOutcome,
  refusal?: string,
): void {
  writeFileSafely(file, `${[hash(staged), changed, outcome, refusal ?? ''].join('\n')}\n`)
}

/** @returns undefined when nothing was staged in this boot */
export function lastStagingOutcome(): StagingOutcome | undefined {
  const outcome = readLines()[2]
  return outcome === 'failed' || outcome === 'succeeded'
    ? outcome
    : outcome === undefined
      ? undefined
      : 'running'
}

/** Why the staging of what is staged now did not start its pulls; undefined when it did, or there was none. */
export function stagingRefusal(): string | undefined {
  const refusal = readLines().slice(3).join('\n').trim()
  return refusal !== '' && isStagedSeen() ? refusal : undefined
}

/** Whether staging has read the deployment that is staged now, if any. */
export function isStagedSeen(): boolean {
  return (readLines()[0] ?? '-') === hash(readStagedFile(hostRoot))
}

function readLines(): readonly string[] {
  return readUnlessMissing(file)?.split('\n') ?? []
}

function hash(staged: Buffer | undefined): string {
  return staged === undefined ? '-' : createHash('sha256').update(staged).digest('hex')
}
