import { hostRoot } from '../directories.ts'
import { isRecordWhole, neededImages } from '../state/deployment-records.ts'
import { storeDirectories, type ImageStore } from '../facts/image-store.ts'
import { borrowedLayers } from '../host/store-files.ts'
import { removeImages, type StoreList } from '../host/podman.ts'
import { storedImages } from '../host/stored-images.ts'
import { pulledByDigest } from '../state/pull-records.ts'
import { readGivenNames, writeGivenNames } from '../state/given-names.ts'
import { pruneArtifacts } from './artifact-names.ts'
import { takeNames } from './change-names.ts'
import type { ListedStore } from './store-lists.ts'
import { namesToRemove, protectingNamesToDrop } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { backendOf } from '../backend/host-backend.ts'
import { openRoot } from '../host/open-root.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Removes what no deployment needs any more: protecting names, tags that we have given, and images that our pulls have
 * stored by digest. An image with another name stays, and so does one that a container uses. Call it when no pull is
 * running, because a pull may rely on the layers. A failure is only logged.
 *
 * @param stores see `listStores`
 * @param artifacts undefined if they could not be listed
 */
export async function pruneImages(
  stores: readonly ListedStore[],
  artifacts: StoreList | undefined,
  facts: PullFacts,
): Promise<void> {
  const needed = neededImages()
  try {
    if (areNeedsKnown(facts)) {
      for (const { store, list } of stores)
        await takeNames(protectingNamesToDrop(list, needed), store)
      const lists = [...stores.map(({ list }) => list), ...(artifacts ? [artifacts] : [])]
      const given = readGivenNames().filter(
        ({ id, name }) =>
          artifacts === undefined || lists.some(({ names }) => names.get(name) === id),
      )
      const [own, dedicated] = stores.map(({ store, list }) => ({
        store,
        names: namesToRemove(pulledByDigest(), given, list, needed),
      }))
      if (own) await removeImages(own.names, own.store)
      if (own && dedicated) {
        const unused = await withoutBorrowed(dedicated.names, dedicated.store, own.store)
        await removeImages(unused, dedicated.store)
      }
      const ours = new Set([...pulledByDigest(), ...given.map(({ name }) => name)])
      if (artifacts !== undefined) await pruneArtifacts(artifacts, ours, needed, facts)
      writeGivenNames(given)
    }
  } catch (error) {
    process.stderr.write(`unused images and names are not removed: ${describeError(error)}\n`)
  }
}

/** The names of images upon whose layers nothing in podman's own store is built. podman would remove them. */
async function withoutBorrowed(
  names: readonly string[],
  store: ImageStore,
  own: ImageStore,
): Promise<readonly string[]> {
  const stored = await storedImages(names, store)
  const borrowed = [...borrowedLayers(storeDirectories(own))]
  return names.filter(name => {
    const directories = stored.get(name)?.directories
    return directories?.every(path => !borrowed.some(layer => path.includes(`/${layer}/`)))
  })
}

/** Whether each deployment with bound images has a complete record of them. */
function areNeedsKnown(facts: PullFacts): boolean {
  return backendOf(hostRoot)
    .deployments(hostRoot)
    .filter(({ name }) => !isRecordWhole(name))
    .map(deployment => readHostRequest(openRoot(deployment), facts, { isMerged: true }))
    .every(({ specs, problems }) => specs.length + problems.length === 0)
}
