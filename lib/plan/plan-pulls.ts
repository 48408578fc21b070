import { createHash } from 'node:crypto'
import type { BoundImage } from '../spec/bound-image.ts'
import type { BoundImageSpec } from '../spec/read-bound-images.ts'

/** One pull that was decided: an image, and every spec that asks for it in the same way. */
export interface Pull {
  /** Name of the pending unit. */
  readonly unit: string
  readonly boundImage: BoundImage
  /** Entries of the specs, fit to be shown. */
  readonly entries: readonly string[]
  /** The pending unit before it in its lane, if any. */
  readonly after: string | undefined
}

/** The pulls decided for one deployment. */
export interface Plan {
  /** Name of the target that stands for all of them. */
  readonly target: string
  readonly pulls: readonly Pull[]
}

/**
 * Decides which pulls a deployment needs: one for each different request, in order of the entries, in so many
 * lanes.
 *
 * @param deployment name of the deployment, `<checksum>.<serial>` for one of ostree
 * @param maxParallel how many pulls may run at a time
 */
export function planPulls(
  deployment: string,
  specs: readonly BoundImageSpec[],
  maxParallel: number,
): Plan {
  const pulls = new Map<string, { unit: string; boundImage: BoundImage; entries: string[] }>()
  for (const { entry, boundImage } of specs) {
    const unit = pendingUnitName(boundImage)
    const pull = pulls.get(unit)
    if (pull === undefined) pulls.set(unit, { unit, boundImage, entries: [entry] })
    else if (!pull.entries.includes(entry)) pull.entries.push(entry)
  }
  return { target: targetName(deployment), pulls: inLanes([...pulls.values()], maxParallel) }
}

/** A plan with some of the pulls of another. */
export function selectPulls(
  { target, pulls }: Plan,
  maxParallel: number,
  isWanted: (pull: Pull) => boolean,
): Plan {
  return { target, pulls: inLanes(pulls.filter(isWanted), maxParallel) }
}

/** At most so many run at a time, because each waits for the one that is as many places before it. */
function inLanes(pulls: readonly Omit<Pull, 'after'>[], maxParallel: number): readonly Pull[] {
  return pulls.map((pull, index) => ({ ...pull, after: pulls[index - maxParallel]?.unit }))
}

/**
 * The hash covers all that decides what ends up on disk, so an unchanged request of a later staging
 * meets the unit that already did it.
 */
function pendingUnitName({ identity }: BoundImage): string {
  return `bootc-pending-${sha256(identity).slice(0, 16)}-image.service`
}

/** One name for each deployment: a fixed one would be reached when a later staging replaces it. */
function targetName(deployment: string): string {
  const [, checksum, serial] = /^([0-9a-f]{12})[0-9a-f]{52}\.([0-9]+)$/u.exec(deployment) ?? []
  const id = checksum === undefined ? sha256(deployment).slice(0, 12) : `${checksum}.${serial}`
  return `bootc-bound-images-${id}.target`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
