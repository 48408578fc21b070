import { statfsSync } from 'node:fs'
import { artifactStore, type ImageStore } from '../facts/image-store.ts'
import type { Podman } from '../host/podman.ts'
import type { Stores } from '../survey/stored-contents.ts'
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
  const store = freeSpace(layersIn(imageStore))
  const verdict = judgeSpace(layers, store, freeSpace(temporaryDirectory))
  // Some of the layers may be present already. Refuse only if it is certain that the pulls cannot fit.
  return localFailure === undefined || verdict.refusal === undefined
    ? verdict
    : {
        warning: `${verdict.refusal} (not all local images could be looked at: ${localFailure})`,
      }
}

/** `temporaryDirectory` is not known at shutdown. */
export type SpaceFacts = Stores & Partial<Pick<Podman, 'temporaryDirectory'>>

/**
 * Marks the images that cannot fit even alone, so that they are left out and do not stop the others. Unknown sizes count
 * as zero.
 *
 * @param localFailure see `Resolution`
 */
export function markWithoutRoom(
  pulls: readonly Pull[],
  knowledge: Knowledge,
  localFailure: string | undefined,
  facts: SpaceFacts,
): Knowledge {
  // The layers that seem to have no room may be present already.
  if (localFailure !== undefined) return knowledge
  const { imageStore, temporaryDirectory } = facts
  const store = freeSpace(layersIn(imageStore))
  const temporary = freeSpace(temporaryDirectory ?? imageStore.directory)
  const marked = pulls.flatMap(({ boundImage: { identity, isArtifact }, layers = [] }) => {
    const artifacts = isArtifact && freeSpace(artifactStore(facts).directory)
    // podman downloads an artifact to where it stays.
    const noRoom = whyNoRoom(layers, artifacts || store, artifacts || temporary)
    return noRoom === undefined ? [] : [[identity, { ...knowledge.get(identity), noRoom }] as const]
  })
  return new Map([...knowledge, ...marked])
}

/** Where a store keeps layers. */
function layersIn({ directory, imageDirectory = directory }: ImageStore): string {
  return imageDirectory
}

function freeSpace(path: string): FreeSpace {
  const { bavail, bsize } = statfsSync(path)
  return { path, bytes: bavail * bsize }
}
