import { forgetActivated, neededImages } from '../state/deployment-records.ts'
import { listStore } from '../host/podman.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import type { Pull } from '../plan/plan-pulls.ts'
import { giveNames } from './change-names.ts'
import { namesToStay } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Before pulls by tag: an image that a deployment needs and that they would leave without a name gets one to stay, or
 * `podman image prune` would take it. That this cannot be done is no reason not to pull.
 *
 * @param warn takes a line for people
 */
export async function protectImages(
  pulls: readonly Pick<Pull, 'boundImage'>[],
  { imageStore }: Pick<PullFacts, 'imageStore'>,
  warn: (line: string) => void,
): Promise<void> {
  const lost = pulls.flatMap(({ boundImage }) => (isFloating(boundImage) ? [boundImage.name] : []))
  if (lost.length === 0) return
  // Should the update be refused, the running deployment needs them back.
  forgetActivated()
  try {
    const list = await listStore(imageStore)
    await giveNames(namesToStay(lost, list, neededImages()), imageStore)
  } catch (error) {
    warn(`the images that lose their tags get no other names: ${describeError(error)}`)
  }
}
