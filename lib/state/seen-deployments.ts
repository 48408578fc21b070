import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ifThere } from '../if-there.ts'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { writeFileSafely } from './write-file-safely.ts'
import { readStagedFile } from '../root/staged-deployment.ts'

const stagedFile = join(runtimeDirectory, 'staged-deployment')

/** What tells whether deployments have changed since they were looked at. */
export interface SeenDeployments {
  /** ostree's file about the staged deployment, if any. */
  readonly staged: Buffer | undefined
  /** When the list of deployments was last changed, in nanoseconds; ostree touches the directory. */
  readonly changed: string
}

/** Looks at the deployments. */
export function seeDeployments(): SeenDeployments {
  const directory = statSync(join(hostRoot, 'sysroot/ostree/deploy'), {
    bigint: true,
    throwIfNoEntry: false,
  })
  return { staged: readStagedFile(hostRoot), changed: String(directory?.mtimeNs ?? '') }
}

/** For units/programs/recheck. Call it before anything can fail, so that a permanent error is not a loop. */
export function rememberSeen({ staged, changed }: SeenDeployments): void {
  writeFileSafely(join(runtimeDirectory, 'deployments-changed'), changed)
  if (staged === undefined) rmSync(stagedFile, { force: true })
  else writeFileSafely(stagedFile, staged)
}

/** Whether the deployments are as they were. */
export function isSame(a: SeenDeployments, b: SeenDeployments): boolean {
  return a.changed === b.changed && isSameFile(a.staged, b.staged)
}

/** Whether staging has looked at the deployment that is staged now, if any. */
export function isStagedSeen(): boolean {
  return isSameFile(
    ifThere(() => readFileSync(stagedFile)),
    readStagedFile(hostRoot),
  )
}

function isSameFile(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
