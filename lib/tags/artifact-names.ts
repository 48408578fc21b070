import type { Stores } from '../survey/stored-contents.ts'
import { artifactStore } from '../facts/image-store.ts'
import { listArtifacts, nameArtifacts } from '../host/artifact-store.ts'
import { removeArtifact, type StoreList } from '../host/podman.ts'
import { addGivenNames } from '../state/given-names.ts'
import { keepName, tagMoves, type Tagging } from './tag-moves.ts'

/**
 * Gives artifacts the names by which containers find them.
 *
 * @param wanted the artifact for each name; other artifacts lose these names
 * @returns the names that were given, and the artifacts as they are then
 */
export function giveArtifactNames(
  wanted: readonly Tagging[],
  stores: Stores,
): { readonly given: readonly Tagging[]; readonly list: StoreList } {
  const store = artifactStore(stores)
  const given = tagMoves(wanted, listArtifacts(store), new Set())
  addGivenNames(given)
  nameArtifacts(given, store, keepName)
  return { given, list: listArtifacts(store) }
}

/**
 * Removes artifacts of ours that no deployment needs any more, with all their names: podman (6.1) takes the name with a
 * digest for any name of the same artifact. One that has a name of somebody else stays.
 *
 * @param ours names that our pulls and tags have given
 * @param needed IDs of the artifacts that some deployment needs
 */
export async function pruneArtifacts(
  ours: ReadonlySet<string>,
  needed: ReadonlySet<string>,
  stores: Stores,
): Promise<void> {
  const store = artifactStore(stores)
  const { ids, names } = listArtifacts(store)
  for (const id of ids) {
    const own = [...names].flatMap(([name, of]) => (of === id ? [name] : []))
    const isOurs = own.length > 0 && own.every(name => ours.has(name) || name === keepName(id))
    if (needed.has(id) || !isOurs) continue
    // podman removes the files with the last name.
    for (const name of own.toSorted((a, b) => Number(a.includes('@')) - Number(b.includes('@'))))
      await removeArtifact(name, store)
  }
}
