import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { isRecordWhole, neededImages } from '../state/deployment-records.ts'
import { removeImages, type StoreList } from '../host/podman.ts'
import { pulledByDigest } from '../state/pull-records.ts'
import { takeNames } from './change-names.ts'
import { imagesToRemove, namesToDrop } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { deploymentDirectories } from '../root/deployments.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Takes away what no deployment needs any more: names to stay, and the images that pulls of ours have brought by
 * digest. An image that has another name, or that a container uses, stays. Call it when no pull is under way: it may
 * count on the layers.
 *
 * @param list what is in the store
 */
export async function pruneImages(list: StoreList, facts: PullFacts): Promise<void> {
  const needed = neededImages()
  try {
    await takeNames(namesToDrop(list, needed), facts.imageStore)
    if (areNeedsKnown(facts))
      await removeImages(imagesToRemove(pulledByDigest(), list, needed), facts.imageStore)
  } catch (error) {
    process.stderr.write(`what nothing needs any more stays: ${describeError(error)}\n`)
  }
}

/** Whether it is written down for each deployment that has bound images which they are. */
function areNeedsKnown(facts: PullFacts): boolean {
  return deploymentDirectories(hostRoot)
    .filter(directory => !isRecordWhole(basename(directory)))
    .map(directory => readHostRequest(directory, facts, { isMerged: true }))
    .every(({ specs, problems }) => specs.length + problems.length === 0)
}
