import { statfsSync } from 'node:fs'
import type { Podman } from '../host/podman.ts'
import type { Knowledge } from '../plan/knowledge.ts'
import { judgeSpace, whyNoRoom, type FreeSpace, type SpaceVerdict } from '../plan/disk-space.ts'
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

/** `temporaryDirectory` is not known at shutdown. */
export type SpaceFacts = Pick<Podman, 'imageStore'> & Partial<Pick<Podman, 'temporaryDirectory'>>

/**
 * Marks the images that cannot fit even alone, so that they are left out and do not stop the others. Unknown sizes count
 * as zero.
 *
 * @param begun see `Earlier`; their pulls take the space, so they are not judged again
 * @param localFailure see `Resolution`
 */
export function markWithoutRoom(
  pulls: readonly Pull[],
  knowledge: Knowledge,
  begun: ReadonlySet<string>,
  localFailure: string | undefined,
  { imageStore, temporaryDirectory }: SpaceFacts,
): Knowledge {
  // The layers that seem to have no room may be present already.
  if (localFailure !== undefined) return knowledge
  const store = freeSpace(imageStore.directory)
  const temporary = freeSpace(temporaryDirectory ?? imageStore.directory)
  const marked = pulls.flatMap(({ boundImage: { identity }, layers = [] }) => {
    const noRoom = begun.has(identity) ? undefined : whyNoRoom(layers, store, temporary)
    return noRoom === undefined ? [] : [[identity, { ...knowledge.get(identity), noRoom }] as const]
  })
  return new Map([...knowledge, ...marked])
}

function freeSpace(path: string): FreeSpace {
  const { bavail, bsize } = statfsSync(path)
  return { path, bytes: bavail * bsize }
}
