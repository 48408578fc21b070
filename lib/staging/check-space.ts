import { statfsSync } from 'node:fs'
import type { Podman } from '../host/podman.ts'
import { judgeSpace, type FreeSpace, type SpaceVerdict } from '../plan/disk-space.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import type { PullFacts } from '../facts/facts.ts'

/**
 * Compares what is to be pulled with the free space. What nobody knows is left out: this is to spare a host a long
 * download that must fail, and no condition for pulling.
 *
 * @param doubt see `Resolution`
 * @returns what cannot fit and may not fit, if anything
 */
export function checkSpace(
  pulls: readonly Pull[],
  doubt: string | undefined,
  { imageStore, temporaryDirectory }: PullFacts & Podman,
): SpaceVerdict {
  const layers = pulls.map(pull => pull.layers ?? [])
  const verdict = judgeSpace(layers, freeSpace(imageStore.directory), freeSpace(temporaryDirectory))
  // Some of it may be there already; only what is certain is refused.
  return doubt === undefined || verdict.refusal === undefined
    ? verdict
    : { warning: `${verdict.refusal} (not all local images could be looked at: ${doubt})` }
}

function freeSpace(path: string): FreeSpace {
  const { bavail, bsize } = statfsSync(path)
  return { path, bytes: bavail * bsize }
}
