// /run/bootc-bound-images/last-staging: what the last staging read and how it ended. Lines: SHA-256 of the file
// about the staged deployment, or "-"; time of change of the list of deployments in nanoseconds; outcome; why the pulls
// were not started, if they were not. Written by stage at its start, before anything can fail, so that a lasting error
// does not make a loop, and at its end; read by stage, status, gate and units/programs/recheck; kept until the
// next boot. Failure policy: every failure is an error.
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { backendOf } from '../backend/host-backend.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const file = join(runtimeDirectory, 'last-staging')

/** A version of the list of deployments, to detect changes since a staging read it. */
export interface SeenDeployments {
  /** Contents of the file about the staged deployment, if any. */
  readonly staged: Buffer | undefined
  /** Time of the last change of the list, in nanoseconds. Each change touches the directory. */
  readonly changed: string
}

/** How a staging ended. `running` also stands for one that was killed or failed before it could write its outcome. */
export type StagingOutcome = 'running' | 'failed' | 'succeeded'

/** Reads the current version of the list of deployments. */
export function seeDeployments(): SeenDeployments {
  const backend = backendOf(hostRoot)
  const directory = statSync(join(hostRoot, backend.listDirectory), {
    bigint: true,
    throwIfNoEntry: false,
  })
  return { staged: backend.readStaged(hostRoot), changed: String(directory?.mtimeNs ?? '') }
}

/** Whether two versions of the list are the same. */
export function isSame(a: SeenDeployments, b: SeenDeployments): boolean {
  return a.changed === b.changed && hash(a.staged) === hash(b.staged)
}

/** @param refusal why the pulls were not started; undefined if they were, or are not needed */
export function writeLastStaging(
  { staged, changed }: SeenDeployments,
  outcome: StagingOutcome,
  refusal?: string,
): void {
  writeFileSafely(file, `${[hash(staged), changed, outcome, refusal ?? ''].join('\n')}\n`)
}

/** @returns undefined if no staging has run in this boot */
export function lastStagingOutcome(): StagingOutcome | undefined {
  const outcome = readLines()[2]
  return outcome === 'failed' || outcome === 'succeeded'
    ? outcome
    : outcome === undefined
      ? undefined
      : 'running'
}

/** Why staging did not start the pulls of the staged deployment; undefined if it did, or if it has not run. */
export function stagingRefusal(): string | undefined {
  const refusal = readLines().slice(3).join('\n').trim()
  return refusal !== '' && isStagedSeen() ? refusal : undefined
}

/** Whether staging has read the deployment that is staged now, if any. */
export function isStagedSeen(): boolean {
  return (readLines()[0] ?? '-') === hash(backendOf(hostRoot).readStaged(hostRoot))
}

function readLines(): readonly string[] {
  return readUnlessMissing(file)?.split('\n') ?? []
}

function hash(staged: Buffer | undefined): string {
  return staged === undefined ? '-' : createHash('sha256').update(staged).digest('hex')
}
