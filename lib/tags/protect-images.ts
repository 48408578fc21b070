import { forgetActivated, neededImages } from '../state/deployment-records.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { giveNames } from './change-names.ts'
import { listStores } from './store-lists.ts'
import { protectingNamesToAdd } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Protects images before pulls by tag: an image that a deployment needs, and that loses its last name to a pull, gets a
 * name of our own. Otherwise `podman image prune` would remove it. A failure is only a warning, and does not stop the
 * pulls.
 *
 * @param warn takes a line for people
 */
export async function protectImages(
  pulls: readonly Pick<Pull, 'boundImage'>[],
  facts: Pick<PullFacts, 'imageStore' | 'otherStore'>,
  warn: (line: string) => void,
): Promise<void> {
  const floating = pulls.map(({ boundImage }) => boundImage).filter(isFloating)
  if (floating.length === 0) return
  // If the gate refuses the update, the running deployment needs the tags back.
  forgetActivated()
  const tags = floating.filter(({ isArtifact }) => !isArtifact).map(({ name }) => name)
  try {
    for (const { store, list } of await listStores(facts))
      if (store === facts.imageStore)
        await giveNames(protectingNamesToAdd(tags, list, neededImages()), store)
  } catch (error) {
    warn(`the images that lose their tags get no other names: ${describeError(error)}`)
  }
}
