import type { PullFacts } from '../facts/facts.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import type { FoundImage } from '../survey/find-images.ts'
import { describeError } from '../text/describe-error.ts'
import { artifactStore } from '../facts/image-store.ts'
import { listArtifacts } from '../host/artifact-store.ts'
import { giveArtifactNames } from './artifact-names.ts'
import { giveNames } from './change-names.ts'
import { listStores, type ListedStore } from './store-lists.ts'
import { tagMoves, visible, withNames } from './tag-moves.ts'

/**
 * Gives each present image the name by which containers find it, unless another image has that name, because the
 * running system may use it.
 *
 * @param found one for each pull of the plan, in its order
 * @returns the stores, as they are then
 */
export async function nameImages(
  { pulls }: Plan,
  found: readonly FoundImage[],
  facts: PullFacts,
): Promise<readonly ListedStore[]> {
  const stores = await listStores(facts)
  const { names } = visible(stores)
  const wanted = pulls.flatMap(({ boundImage: { name, digest, isArtifact } }, index) => {
    const id = found[index]?.id
    if (isArtifact) return []
    const isFree = [undefined, id].includes(names.get(name))
    return digest === undefined || id === undefined || !isFree ? [] : [{ id, name }]
  })
  await nameNewArtifacts(pulls, found, facts)
  const named: ListedStore[] = []
  for (const { store, list } of stores) {
    const given = tagMoves(wanted, list, new Set())
    await giveNames(given, store)
    named.push({ store, list: withNames(list, given) })
  }
  return named
}

/** The same, for artifacts. */
async function nameNewArtifacts(
  pulls: Plan['pulls'],
  found: readonly FoundImage[],
  facts: PullFacts,
): Promise<void> {
  if (!pulls.some(({ boundImage }) => boundImage.isArtifact)) return
  const { names } = listArtifacts(artifactStore(facts))
  const wanted = pulls.flatMap(({ boundImage: { name, isArtifact } }, index) => {
    const id = found[index]?.id
    return isArtifact && id !== undefined && [undefined, id].includes(names.get(name))
      ? [{ id, name }]
      : []
  })
  await giveArtifactNames(wanted, facts)
}

/** The same. A failure, for example because the disk is full, is only logged: the next boot gives the names too. */
export async function tryToNameImages(...args: Parameters<typeof nameImages>): Promise<void> {
  try {
    await nameImages(...args)
  } catch (error) {
    process.stderr.write(`naming the images: ${describeError(error)}\n`)
  }
}
