import type { ImageKnowledge } from './knowledge.ts'
import { sumBytes } from './layer.ts'

/** What is known of a pull before it runs. */
export interface Job extends Pick<ImageKnowledge, 'layers' | 'isHopeless' | 'isUnderWay'> {
  /** Tells its image from others: the digest, or the name when that is all there is. */
  readonly image?: string | undefined
}

/** The place of a pull in the order. */
export interface Slot {
  /** Indices of the jobs that must have ended before it begins. */
  readonly after: readonly number[]
  /** What it downloads itself, compressed; undefined when nobody knows. */
  readonly bytes: number | undefined
}

/** What the requests of a pull and the start of podman cost, in bytes that could come meanwhile. */
export const fixedCost = 1_000_000

/** Taken for a pull of which nothing is known. */
export const unknownBytes = 50_000_000

/** Pulls of at least this many bytes compete for bandwidth and processors; smaller ones mostly wait for answers. */
export const heavyBytes = 10_000_000

/** More heavy pulls at a time take longer than one after another. */
export const mostHeavy = 4

/** No pull waits for a layer of at most this many bytes: many images have one without contents. */
export const trivialBytes = 4096

interface Pull {
  readonly index: number
  /** Those of a lower class come first. */
  readonly class: number
  /** Those that bring a layer of it, and the one before it of the same image. */
  readonly leaders: ReadonlySet<Pull>
  readonly bytes: number | undefined
  readonly cost: number
  /** What it costs together with the longest chain of pulls that wait for it. */
  urgency: number
  /** When it is expected to end. */
  end: number
}

/** A place for one pull at a time. */
interface Lane {
  end: number
  /** Index of the last pull in it, if any. */
  last: readonly number[]
}

/**
 * Decides which pulls wait for which, so that every layer (but trivial ones) is downloaded once and at most
 * `maxParallel` run at a time, four of them heavy.
 *
 * podman processes that run at the same time each download a layer that they share. So of the pulls that lack a
 * layer, one brings it, and no other begins before that has ended. If it is the smallest, the others can then run side
 * by side; if it is the largest, they lack less; if it is any, no long queue forms where each shares a layer with the
 * next larger one. All three are tried, and the order that is expected to end first is taken.
 *
 * Nor are two names of one image pulled at the same time: each process would fetch its manifest and configuration.
 *
 * @returns a slot for each job. There are no cycles: a pull waits only for those that got their place before it.
 */
export function orderPulls(jobs: readonly Job[], maxParallel: number): readonly Slot[] {
  const orders = [1, -1, 0].map(sign => fillLanes(chooseLeaders(jobs, sign), maxParallel))
  return orders.reduce((best, other) => (other.end < best.end ? other : best)).slots
}

/** The first that lacks a layer brings it. Returns the most urgent first, and each after its leaders. */
function chooseLeaders(jobs: readonly Job[], sign: number): readonly Pull[] {
  const byDigest = new Map<string, Pull>()
  const byImage = new Map<string | number, Pull>()
  const pulls = bySize(jobs, sign).map(job => {
    const missing = job.layers?.filter(({ digest }) => !byDigest.has(digest))
    const bytes = missing && sumBytes(missing)
    const cost = fixedCost + (bytes ?? unknownBytes)
    const bringers = job.layers?.map(({ digest }) => byDigest.get(digest)) ?? []
    const leaders = [byImage.get(job.image), ...bringers].flatMap(leader => leader ?? [])
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

/** In each class, the smallest first; with a negative sign the largest, and with 0 as they are. */
function bySize(jobs: readonly Job[], sign: number) {
  const known = new Map(jobs.flatMap(({ image, layers }) => (layers ? [[image, layers]] : [])))
  return jobs
    .map(({ image, isUnderWay, isHopeless, ...job }, index) => {
      const layers = job.layers ?? (image === undefined ? undefined : known.get(image))
      return {
        index,
        image: image ?? index,
        layers,
        size: layers ? sumBytes(layers) : unknownBytes,
        // systemd lets a pull under way go on. None is to wait for the attempts of one that will fail.
        class: isUnderWay === true ? 0 : isHopeless === true ? 2 : 1,
      }
    })
    .toSorted((a, b) => a.class - b.class || sign * (a.size - b.size))
}

/** Gives each pull the lane where it begins first; of several, the one that was free for the shortest time. */
function fillLanes(pulls: readonly Pull[], maxParallel: number) {
  const slots: Slot[] = []
  const lanes = Array.from({ length: maxParallel }, (): Lane => ({ end: 0, last: [] }))
  for (const pull of pulls) {
    const { index, bytes, cost } = pull
    const leaders = [...pull.leaders]
    const ready = Math.max(0, ...leaders.map(({ end }) => end))
    // Heavy pulls share the first lanes, which the others take last.
    const isHeavy = (bytes ?? unknownBytes) >= heavyBytes
    const lane = (isHeavy ? lanes.slice(0, mostHeavy) : lanes.toReversed()).reduce(
      (best, other) => {
        const delay = Math.max(other.end, ready) - Math.max(best.end, ready)
        return delay < 0 || (delay === 0 && other.end > best.end) ? other : best
      },
    )
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
