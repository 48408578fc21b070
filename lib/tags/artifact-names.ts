import { artifactLock } from '../directories.ts'
import type { Stores } from '../survey/stored-contents.ts'
import { artifactStore } from '../facts/image-store.ts'
import { listArtifacts, nameArtifacts } from '../host/artifact-store.ts'
import { withLock } from '../host/flock.ts'
import { removeArtifact, type StoreList } from '../host/podman.ts'
import { neededImages } from '../state/deployment-records.ts'
import { addGivenNames, readGivenNames } from '../state/given-names.ts'
import { describeError } from '../text/describe-error.ts'
import { keepName, tagMoves, type Tagging } from './tag-moves.ts'

/**
 * Gives artifacts the names by which containers find them.
 *
 * @param wanted the artifact for each name; other artifacts lose these names
 * @returns the names that were given, and the artifacts as they are then
 */
export async function giveArtifactNames(
  wanted: readonly Tagging[],
  stores: Stores,
): Promise<{ readonly given: readonly Tagging[]; readonly list: StoreList }> {
  const store = artifactStore(stores)
  const given = tagMoves(wanted, listArtifacts(store), new Set())
  addGivenNames(given)
  const known = new Set([
    ...neededImages(),
    ...[...wanted, ...readGivenNames()].map(({ id }) => id),
  ])
  // A pull writes the list as it was at its start.
  await withLock(artifactLock, async () => {
    nameArtifacts(given, store, id => known.has(id), keepName)
  })
  return { given, list: listArtifacts(store) }
}

/**
 * Sets the names of artifacts to what they mean in a deployment. A failure is only logged: images must get their tags all the
 * same.
 *
 * @param mayMove whether a name that was moved since the last activation stays
 * @returns the names that were set, and whether each has its artifact
 */
export async function activateArtifacts(
  recorded: readonly Tagging[],
  mayMove: boolean,
  stores: Stores,
): Promise<{ readonly given: readonly Tagging[]; readonly areSet: boolean }> {
  if (recorded.length === 0) return { given: [], areSet: true }
  try {
    const { names } = listArtifacts(artifactStore(stores))
    const wanted = recorded.filter(({ name }) => !mayMove || !names.has(name))
    const { given, list } = await giveArtifactNames(wanted, stores)
    const isSet = ({ id, name }: Tagging) =>
      name.includes('@') ? list.ids.has(id) : list.names.get(name) === id
    return { given, areSet: wanted.every(isSet) }
  } catch (error) {
    process.stderr.write(`naming the artifacts: ${describeError(error)}\n`)
    return { given: [], areSet: false }
  }
}

/** Lists the artifacts. A failure is only logged: most hosts have none, and nothing else may fail because of podman's list. */
export function tryToListArtifacts(stores: Stores): StoreList | undefined {
  try {
    return listArtifacts(artifactStore(stores))
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`)
    return undefined
  }
}

/**
 * Removes artifacts of ours that no deployment needs any more, with all their names: podman (6.1) takes the name with a
 * digest for any name of the same artifact. One that has a name of somebody else stays. A failure is only logged.
 *
 * @param ours names that our pulls and tags have given
 * @param needed IDs of the artifacts that some deployment needs
 */
export async function pruneArtifacts(
  { ids, names }: StoreList,
  ours: ReadonlySet<string>,
  needed: ReadonlySet<string>,
  stores: Stores,
): Promise<void> {
  for (const id of ids) {
    const all = [...names].flatMap(([name, of]) => (of === id ? [name] : []))
    const isOurs = all.some(name => ours.has(name))
    if (needed.has(id) || !isOurs) continue
    if (!all.every(name => ours.has(name) || name === keepName(id))) continue
    // podman removes the files with the last name.
    const inOrder = all.toSorted((a, b) => Number(a.includes('@')) - Number(b.includes('@')))
    try {
      for (const name of inOrder) await removeArtifact(name, artifactStore(stores))
    } catch (error) {
      process.stderr.write(`an unused artifact is not removed: ${describeError(error)}\n`)
    }
  }
}
