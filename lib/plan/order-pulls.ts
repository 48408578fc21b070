import type { ImageKnowledge } from './knowledge.ts'
import { sumBytes } from './layer.ts'

/** What is known about a pull before it runs. */
export interface Job extends Pick<ImageKnowledge, 'layers' | 'isRefused' | 'isPulling'> {
  /** Identifies the image: its digest, or its name if the digest is unknown. */
  readonly image?: string | undefined
}

/** The place of a pull in the order. */
export interface Slot {
  /** Indices of the jobs that must end before this one starts. */
  readonly after: readonly number[]
  /** Bytes that it downloads itself, compressed. Undefined if unknown. */
  readonly bytes: number | undefined
}

/** Cost of starting podman and of the requests of a pull, in bytes that could be downloaded meanwhile. */
export const fixedCost = 1_000_000

/** Assumed size of a pull with unknown layers. */
export const unknownBytes = 50_000_000

/**
 * Pulls of at least this many bytes compete for bandwidth and processors. Smaller pulls mostly wait for
 * responses.
 */
export const heavyBytes = 10_000_000

/** Maximum number of concurrent heavy pulls. More would take longer than one after another. */
export const maxHeavy = 4

/** No pull waits for a layer of at most this many bytes: many images have a layer without contents. */
export const trivialBytes = 4096

interface Pull {
  readonly index: number
  /** A lower class comes first. */
  readonly class: number
  /** The pulls that download a layer of it, and the previous pull of the same image. */
  readonly leaders: ReadonlySet<Pull>
  readonly bytes: number | undefined
  readonly cost: number
  /** Its cost plus the cost of the longest chain of pulls that wait for it. */
  urgency: number
  /** Expected end. */
  end: number
}

/** Runs one pull at a time. */
interface Lane {
  end: number
  /** Index of its last pull, if any. */
  last: readonly number[]
}

/**
 * Decides which pulls wait for which, so that every layer except trivial ones is downloaded once, and at most
 * `maxParallel` pulls run at the same time, at most four of them heavy.
 *
 * Concurrent podman processes each download a layer that they share. So of the pulls that lack a layer, one
 * downloads it, and the others start after that pull has ended. If the smallest is first, the others can then
 * run in parallel. If the largest is first, the others have less left to download. If the order is arbitrary,
 * no long queue forms where each pull shares a layer with the next larger one. This tries all three and takes
 * the order with the earliest expected end.
 *
 * Two names of one image are not pulled at the same time either: each process would fetch its manifest and
 * configuration.
 *
 * @returns a slot for each job. There are no cycles: a pull waits only for pulls that were placed before it.
 */
export function orderPulls(jobs: readonly Job[], maxParallel: number): readonly Slot[] {
  const orders = [1, -1, 0].map(sign => fillLanes(chooseLeaders(jobs, sign), maxParallel))
  return orders.reduce((best, other) => (other.end < best.end ? other : best)).slots
}

/**
 * The first pull that lacks a layer downloads it. Returns the most urgent first, and each after its leaders.
 */
function chooseLeaders(jobs: readonly Job[], sign: number): readonly Pull[] {
  const byDigest = new Map<string, Pull>()
  const byImage = new Map<string | number, Pull>()
  const pulls = bySize(jobs, sign).map(job => {
    const missing = job.layers?.filter(({ digest }) => !byDigest.has(digest))
    const bytes = missing && sumBytes(missing)
    const cost = fixedCost + (bytes ?? unknownBytes)
    const providers = job.layers?.map(({ digest }) => byDigest.get(digest)) ?? []
    const leaders = [byImage.get(job.image), ...providers].flatMap(leader => leader ?? [])
    const pull = { ...job, bytes, cost, leaders: new Set(leaders), urgency: cost, end: 0 }
    byImage.set(job.image, pull)
    for (const layer of missing ?? [])
      if (layer.bytes > trivialBytes) byDigest.set(layer.digest, pull)
    return pull
  })
  for (const { leaders, urgency } of pulls.toReversed())
    for (const leader of leaders) leader.urgency = Math.max(leader.urgency, leader.cost + urgency)
  return pulls.toSorted((a, b) => a.class - b.class || b.urgency - a.urgency)
}

/** Sorts each class by size: smallest first for sign 1, largest first for -1, in the given order for 0. */
function bySize(jobs: readonly Job[], sign: number) {
  const known = new Map(jobs.flatMap(({ image, layers }) => (layers ? [[image, layers]] : [])))
  return jobs
    .map(({ image, isPulling, isRefused, ...job }, index) => {
      const layers = job.layers ?? (image === undefined ? undefined : known.get(image))
      return {
        index,
        image: image ?? index,
        layers,
        size: layers ? sumBytes(layers) : unknownBytes,
        // systemd does not stop a pull that is running. No pull must wait for the attempts of one that will
        // fail.
        class: isPulling === true ? 0 : isRefused === true ? 2 : 1,
      }
    })
    .toSorted((a, b) => a.class - b.class || sign * (a.size - b.size))
}

/**
 * Gives each pull the lane in which it starts first. Of several, it takes the one that was idle for the
 * shortest time.
 */
function fillLanes(pulls: readonly Pull[], maxParallel: number) {
  const slots: Slot[] = []
  const lanes = Array.from({ length: maxParallel }, (): Lane => ({ end: 0, last: [] }))
  for (const pull of pulls) {
    const { index, bytes, cost } = pull
    const leaders = [...pull.leaders]
    const ready = Math.max(0, ...leaders.map(({ end }) => end))
    // Heavy pulls use only the first lanes. The other pulls use these last.
    const isHeavy = (bytes ?? unknownBytes) >= heavyBytes
    const lane = (isHeavy ? lanes.slice(0, maxHeavy) : lanes.toReversed()).reduce((best, other) => {
      const delay = Math.max(other.end, ready) - Math.max(best.end, ready)
      return delay < 0 || (delay === 0 && other.end > best.end) ? other : best
    })
    slots[index] = {
      after: [...new Set([...leaders.map(each => each.index), ...lane.last])],
      bytes,
    }
    pull.end = Math.max(lane.end, ready) + cost
    lane.end = pull.end
    lane.last = [index]
  }
  return { slots, end: Math.max(...lanes.map(({ end }) => end)) }
}
