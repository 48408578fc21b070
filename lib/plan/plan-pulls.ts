import { createHash } from 'node:crypto'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import type { Layer } from './layer.ts'
import type { ImageKnowledge, Knowledge } from './knowledge.ts'
import { orderPulls } from './order-pulls.ts'

/** A planned pull: an image, and all specs that request it in the same way. */
export interface Pull {
  /** Name of the pending unit. */
  readonly unit: string
  readonly boundImage: BoundImage
  /** Entries of the specs, as printable text. */
  readonly entries: readonly string[]
  /** Whether there is anything to do, and room for it. If not, there is no unit. */
  readonly isNeeded: boolean
  /** Pending units that must end before this one starts. */
  readonly after: readonly string[]
  /** Layers that the store lacks. Undefined if unknown. */
  readonly layers: readonly Layer[] | undefined
  /** Expected download of this pull, compressed. Undefined if unknown. */
  readonly bytes: number | undefined
  /** See `ImageKnowledge`. */
  readonly noRoom?: string | undefined
}

/** The planned pulls of one deployment. */
export interface Plan {
  /** Name of the target that requires all of them. */
  readonly target: string
  readonly pulls: readonly Pull[]
}

/**
 * Plans the pulls of a deployment: one for each different request, in the order of the entries.
 *
 * @param deployment name of the deployment, `<checksum>.<serial>` for one of ostree
 * @param maxParallel maximum number of concurrent pulls
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

/** The pulls of a plan that have something to do. */
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
    .filter(({ known }) => known.isPresent !== true && known.noRoom === undefined)
    // Do not depend on the order of the specs.
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
      ...(known.noRoom !== undefined && { noRoom: known.noRoom }),
    }
  })
}

function sortKey({ unit, boundImage }: Request): string {
  return `${imageOf(boundImage)} ${unit}`
}

/** Identifies the image: the same for all its names, as far as known. */
function imageOf(boundImage: BoundImage): string {
  return storedName(boundImage).replace(/^.*@/u, '')
}

/**
 * The name of a pending unit. Its hash covers everything that determines what is stored on disk. So an
 * unchanged request of a later staging has the same unit, which may be done already.
 */
export function pendingUnitName(
  { identity }: Pick<BoundImage, 'identity'>,
  digest: string | undefined,
): string {
  const request = digest === undefined ? identity : `${identity} ${digest}`
  return `bootc-pending-${sha256(request).slice(0, 16)}-image.service`
}

/** Whether a unit of a set is a pending unit, not a target. */
export function isPendingUnit(name: string): boolean {
  return name.startsWith('bootc-pending-')
}

/**
 * The name of the target. Each deployment has its own, because a fixed target would already be active when a
 * later staging replaces it.
 */
export function targetName(deployment: string): string {
  const [, checksum, serial] = /^([0-9a-f]{12})[0-9a-f]{52}\.([0-9]+)$/u.exec(deployment) ?? []
  const id = checksum === undefined ? sha256(deployment).slice(0, 12) : `${checksum}.${serial}`
  return `bootc-bound-images-${id}.target`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
