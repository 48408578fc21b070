import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { isRecordWhole, neededImages } from '../state/deployment-records.ts'
import { removeImages, type StoreList } from '../host/podman.ts'
import { pulledByDigest } from '../state/pull-records.ts'
import { readGivenNames, writeGivenNames } from '../state/given-names.ts'
import { takeNames } from './change-names.ts'
import { namesToRemove, protectingNamesToDrop } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { deploymentDirectories } from '../root/deployments.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Removes what no deployment needs any more: protecting names, tags that we have given, and images that our pulls have
 * stored by digest. An image with another name stays, and so does one that a container uses. Call it when no pull is
 * running, because a pull may rely on the layers. A failure is only logged.
 *
 * @param list the contents of the store
 */
export async function pruneImages(list: StoreList, facts: PullFacts): Promise<void> {
  const needed = neededImages()
  try {
    await takeNames(protectingNamesToDrop(list, needed), facts.imageStore)
    if (areNeedsKnown(facts)) {
      const given = readGivenNames().filter(({ id, name }) => list.names.get(name) === id)
      const names = namesToRemove(pulledByDigest(), given, list, needed)
      await removeImages(names, facts.imageStore)
      writeGivenNames(given)
    }
  } catch (error) {
    process.stderr.write(`unused images and names are not removed: ${describeError(error)}\n`)
  }
}

/** Whether each deployment with bound images has a complete record of them. */
function areNeedsKnown(facts: PullFacts): boolean {
  return deploymentDirectories(hostRoot)
    .filter(directory => !isRecordWhole(basename(directory)))
    .map(directory => readHostRequest(directory, facts, { isMerged: true }))
    .every(({ specs, problems }) => specs.length + problems.length === 0)
}
