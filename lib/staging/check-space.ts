import { statfsSync } from 'node:fs'
import type { Podman } from '../host/podman.ts'
import { judgeSpace, type FreeSpace, type SpaceVerdict } from '../plan/disk-space.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import type { PullFacts } from '../facts/facts.ts'

/**
 * Compares the size of the pulls with the free space. Unknown sizes count as zero: the check avoids a long download
 * that is sure to fail, and is no condition for a pull.
 *
 * @param localFailure see `Resolution`
 * @returns a refusal if the pulls cannot fit, a warning if they may not fit
 */
export function checkSpace(
  pulls: readonly Pull[],
  localFailure: string | undefined,
  { imageStore, temporaryDirectory }: PullFacts & Podman,
): SpaceVerdict {
  const layers = pulls.map(pull => pull.layers ?? [])
  const verdict = judgeSpace(layers, freeSpace(imageStore.directory), freeSpace(temporaryDirectory))
  // Some of the layers may be present already. Refuse only if it is certain that the pulls cannot fit.
  return localFailure === undefined || verdict.refusal === undefined
    ? verdict
    : {
        warning: `${verdict.refusal} (not all local images could be looked at: ${localFailure})`,
      }
}

function freeSpace(path: string): FreeSpace {
  const { bavail, bsize } = statfsSync(path)
  return { path, bytes: bavail * bsize }
}
