import { createHash } from 'node:crypto'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { Layer } from './layer.ts'
import type { ImageKnowledge, Knowledge } from './knowledge.ts'
import { orderPulls } from './order-pulls.ts'

/** One pull that was decided: an image, and every spec that asks for it in the same way. */
export interface Pull {
  /** Name of the pending unit. */
  readonly unit: string
  readonly boundImage: BoundImage
  /** Entries of the specs, fit to be shown. */
  readonly entries: readonly string[]
  /** Whether there is anything to do; without, there is no unit. */
  readonly isNeeded: boolean
  /** The pending units that must have ended before it begins. */
  readonly after: readonly string[]
  /** What the store lacks; undefined when nobody knows. */
  readonly layers: readonly Layer[] | undefined
  /** What it is expected to download itself, compressed; undefined when nobody knows. */
  readonly bytes: number | undefined
}

/** The pulls decided for one deployment. */
export interface Plan {
  /** Name of the target that stands for all of them. */
  readonly target: string
  readonly pulls: readonly Pull[]
}

/**
 * Decides which pulls a deployment needs: one for each different request, in order of the entries.
 *
 * @param deployment name of the deployment, `<checksum>.<serial>` for one of ostree
 * @param maxParallel how many pulls may run at a time
 */
export function planPulls(
  deployment: string,
  specs: readonly BoundImageSpec[],
  maxParallel: number,
  knowledge: Knowledge = new Map(),
): Plan {
  const pulls = new Map<string, Request>()
  for (const { entry, boundImage } of specs) {
    const known = knowledge.get(boundImage.identity) ?? {}
    const { digest } = known
    const unit = pendingUnitName(boundImage, digest)
    const pull = pulls.get(unit)
    if (pull === undefined) {
      const image = digest === undefined ? boundImage : { ...boundImage, digest }
      pulls.set(unit, { unit, boundImage: image, entries: [entry], known })
    } else if (!pull.entries.includes(entry)) pull.entries.push(entry)
  }
  return { target: targetName(deployment), pulls: inOrder([...pulls.values()], maxParallel) }
}

/** The pulls of a plan that there is something to do for. */
export function neededPulls({ pulls }: Plan): readonly Pull[] {
  return pulls.filter(({ isNeeded }) => isNeeded)
}

interface Request {
  readonly unit: string
  readonly boundImage: BoundImage
  readonly entries: string[]
  readonly known: ImageKnowledge
}

function inOrder(requests: readonly Request[], maxParallel: number): readonly Pull[] {
  const needed = requests
    .filter(({ known }) => known.isPresent !== true)
    // So that the order of the specs does not matter.
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  const slots = orderPulls(
    needed.map(({ known, boundImage }) => ({ ...known, image: imageOf(boundImage) })),
    maxParallel,
  )
  const units = needed.map(({ unit }) => unit)
  const slotOf = new Map(needed.map((request, index) => [request, slots[index]]))
  return requests.map(request => {
    const { unit, boundImage, entries, known } = request
    const slot = slotOf.get(request)
    const after = (slot?.after ?? []).flatMap(index => units.slice(index, index + 1))
    return {
      unit,
      boundImage,
      entries,
      isNeeded: slot !== undefined,
      after: after.toSorted(),
      layers: known.layers,
      bytes: slot?.bytes,
    }
  })
}

function sortKey({ unit, boundImage }: Request): string {
  return `${imageOf(boundImage)} ${unit}`
}

/** The same for all names of one image, as far as is known. */
function imageOf(boundImage: BoundImage): string {
  return storedName(boundImage).replace(/^.*@/u, '')
}

/**
 * The hash covers all that decides what ends up on disk, so an unchanged request of a later staging
 * meets the unit that already did it.
 */
export function pendingUnitName(
  { identity }: Pick<BoundImage, 'identity'>,
  digest: string | undefined,
): string {
  const request = digest === undefined ? identity : `${identity} ${digest}`
  return `bootc-pending-${sha256(request).slice(0, 16)}-image.service`
}

/** Whether a unit of a set is a pending unit, and not a target. */
export function isPendingUnit(name: string): boolean {
  return name.startsWith('bootc-pending-')
}

/** One name for each deployment: a fixed one would be reached when a later staging replaces it. */
export function targetName(deployment: string): string {
  const [, checksum, serial] = /^([0-9a-f]{12})[0-9a-f]{52}\.([0-9]+)$/u.exec(deployment) ?? []
  const id = checksum === undefined ? sha256(deployment).slice(0, 12) : `${checksum}.${serial}`
  return `bootc-bound-images-${id}.target`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
