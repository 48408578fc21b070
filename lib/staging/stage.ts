import { mkdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Request } from '../generate.ts'
import { withLock } from '../host/flock.ts'
import { writeFileSafely } from '../host/write-file-safely.ts'
import { deploymentRoot, parseStagedDeployment, readStagedFile } from '../root/staged-deployment.ts'
import { applyRequest } from './apply-units.ts'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { readHostRequest } from './read-host-request.ts'
import { forgetRequestedRoot, rememberRequestedRoot, requestedRoot } from './requested-root.ts'

/** More stagings than this during one run are left to the unit that looks again afterwards. */
const mostRounds = 10

/**
 * Reads what the next deployment asks for, renders its units and has systemd start them.
 *
 * The next deployment is `root` if given, else the staged one, else the root that was last given. A
 * deployment staged meanwhile is seen: the path unit does not watch while its service runs.
 *
 * @returns what is asked for, or undefined when there is no next deployment
 */
export function stage(root?: string): Promise<Request | undefined> {
  return withLock(join(runtimeDirectory, 'lock'), async () => {
    for (let round = 1; ; round++) {
      const staged = readStagedFile(hostRoot)
      rememberSeen(staged)
      const request = await readNext(root, staged)
      await applyRequest(request)
      if (round === mostRounds || isSame(staged, readStagedFile(hostRoot))) return request
    }
  })
}

/** Reads what the next deployment asks for, without changing anything. */
export async function readNextRequest(root?: string): Promise<Request | undefined> {
  const nextRoot = findNextRoot(root)
  return nextRoot === undefined ? undefined : readHostRequest(nextRoot)
}

/** The root of the next deployment, see `stage`. */
export function findNextRoot(root?: string): string | undefined {
  return nextRootOf(root, readStagedFile(hostRoot))
}

async function readNext(
  root: string | undefined,
  staged: Buffer | undefined,
): Promise<Request | undefined> {
  if (root === undefined && staged !== undefined) forgetRequestedRoot()
  if (root !== undefined) rememberRequestedRoot(realpathSync(root))
  const nextRoot = nextRootOf(root, staged)
  return nextRoot === undefined ? undefined : readHostRequest(nextRoot)
}

function nextRootOf(root: string | undefined, staged: Buffer | undefined): string | undefined {
  if (root !== undefined) return realpathSync(root)
  if (staged !== undefined) return deploymentRoot(hostRoot, parseStagedDeployment(staged))
  return requestedRoot()
}

/** For bootc-bound-images-recheck@.service; written first, so that a permanent error is not a loop. */
function rememberSeen(staged: Buffer | undefined): void {
  mkdirSync(runtimeDirectory, { recursive: true })
  const file = join(runtimeDirectory, 'staged-deployment')
  if (staged === undefined) rmSync(file, { force: true })
  else writeFileSafely(file, staged)
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
