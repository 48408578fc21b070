import { mkdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Request } from '../generate.ts'
import { withLock } from '../host/flock.ts'
import { writeFileSafely } from '../host/write-file-safely.ts'
import { readStagedFile } from '../root/staged-deployment.ts'
import { applyRequest } from './apply-units.ts'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { hostFacts } from './host-facts.ts'
import { nextDeployment, type NextDeployment, type Standing } from './next-deployment.ts'
import { readNextRequest } from './read-host-request.ts'
import { forgetRequestedRoot, rememberRequestedRoot } from './requested-root.ts'
import { rememberStagingRefusal } from './staging-refusal.ts'

/** More stagings than this during one run are left to the unit that looks again afterwards. */
const mostRounds = 10

/** What the next deployment asks for, and what came of it. */
export interface Staging {
  readonly standing: Standing
  readonly request: Request
  /** Why its pulls were not started; undefined when they were, or are not needed. */
  readonly refusal: string | undefined
}

/**
 * Reads what the next deployment asks for, renders its units and has systemd start them.
 *
 * A deployment staged meanwhile is seen: the path unit does not watch while its service runs.
 *
 * @param root see `nextDeployment`
 * @param warn takes a line for people
 * @returns undefined when there is no next deployment
 */
export function stage(
  root: string | undefined,
  warn: (line: string) => void,
): Promise<Staging | undefined> {
  return withLock(join(runtimeDirectory, 'lock'), async () => {
    for (let round = 1; ; round++) {
      const staged = readStagedFile(hostRoot)
      rememberSeen(staged)
      if (root !== undefined) rememberRequestedRoot(realpathSync(root))
      else if (staged !== undefined) forgetRequestedRoot()
      const staging = await stageOnce(nextDeployment(root, staged), warn)
      if (round === mostRounds || isSame(staged, readStagedFile(hostRoot))) return staging
    }
  })
}

async function stageOnce(
  next: NextDeployment | undefined,
  warn: (line: string) => void,
): Promise<Staging | undefined> {
  const facts = await hostFacts(warn)
  const request = next && (await readNextRequest(next, facts))
  const refusal = await applyRequest(request, facts, warn)
  rememberStagingRefusal(refusal)
  return next && request && { standing: next.standing, request, refusal }
}

/** The next deployment as it is now, see `nextDeployment`. */
export function findNextDeployment(root?: string): NextDeployment | undefined {
  return nextDeployment(root, readStagedFile(hostRoot))
}

/** For bootc-bound-images-recheck@.service; written first, so that a permanent error is not a loop. */
function rememberSeen(staged: Buffer | undefined): void {
  mkdirSync(runtimeDirectory, { recursive: true, mode: 0o700 })
  const file = join(runtimeDirectory, 'staged-deployment')
  if (staged === undefined) rmSync(file, { force: true })
  else writeFileSafely(file, staged)
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
