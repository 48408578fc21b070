import type { Layer } from './disk-space.ts'
import type { ImageKnowledge } from './knowledge.ts'

/** What is known of a pull before it runs. */
export type Job = Pick<ImageKnowledge, 'layers' | 'isHopeless'>

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

/** Pulls of so many bytes compete for bandwidth and processors; smaller ones mostly wait for answers. */
export const heavyBytes = 10_000_000

/** More heavy pulls at a time take longer than one after another. */
export const mostHeavy = 4

/** No pull waits for a layer of no more bytes, which another one brings: an image of many has one without contents. */
export const trivialBytes = 4096

/** So much of all that is to be downloaded may come twice that way. */
export const trivialShare = 0.01

/** Of the pulls that lack a layer, the one that brings it. */
interface Leader {
  readonly index: number
  readonly end: number
}

/** One of the places in which a pull can run at any moment. */
interface Lane {
  last: number | undefined
  end: number
}

/** A job, and what becomes of it. */
interface Task {
  readonly index: number
  readonly layers: readonly Layer[] | undefined
  readonly isHopeless: boolean
  readonly bytes: number
  /** The bytes of the largest pull with which it shares a layer. */
  longest: number
  /** Whether it is the smallest of those that share a layer. */
  isOpener: boolean
  slot: Slot
}

function makeTask({ layers, isHopeless = false }: Job, index: number): Task {
  const bytes = layers === undefined ? unknownBytes : sum(layers)
  const slot = { after: [], bytes: undefined }
  return { index, layers, isHopeless, bytes, longest: bytes, isOpener: false, slot }
}

/**
 * Decides which pulls wait for which, so that every layer (but trivial ones) is downloaded once and at most `maxParallel` run at a
 * time, four of them heavy.
 *
 * podman processes that run at the same time each download a layer that they share. So of the pulls that lack a
 * layer, one is its leader, and no other begins before the leader has ended. This plays the pulls through:
 * whenever a lane is free, the most urgent pull that lacks nothing which is on its way takes it.
 *
 * @returns a slot for each job. There are no cycles: who is waited for began earlier in the play.
 */
export function orderPulls(jobs: readonly Job[], maxParallel: number): readonly Slot[] {
  const lanes: Lane[] = Array.from({ length: maxParallel }, () => ({ last: undefined, end: 0 }))
  const leaders = new Map<string, Leader>()
  const trivial = trivialLayers(jobs)
  const tasks = jobs.map(makeTask)
  let waiting = byUrgency(tasks)
  for (let now = 0; waiting.length > 0; now = nextEnd(lanes, now))
    waiting = waiting.filter(task => !begin(task, lanes, leaders, trivial, now))
  return tasks.map(({ slot }) => slot)
}

/** Begins a pull, if it may. */
function begin(
  task: Task,
  lanes: Lane[],
  leaders: Map<string, Leader>,
  trivial: ReadonlySet<string>,
  now: number,
): boolean {
  const { index, layers } = task
  const ahead = (layers ?? []).flatMap(({ digest }) => leaders.get(digest) ?? [])
  const own = layers?.filter(({ digest }) => !leaders.has(digest))
  const bytes = own && sum(own)
  const lane = freeLane(lanes, bytes ?? unknownBytes, now)
  if (lane === undefined || ahead.some(({ end }) => end > now)) return false
  const after = new Set(ahead.map(leader => leader.index))
  if (lane.last !== undefined) after.add(lane.last)
  task.slot = { after: [...after], bytes }
  lane.last = index
  lane.end = now + fixedCost + (bytes ?? unknownBytes)
  for (const { digest } of own ?? [])
    if (!trivial.has(digest)) leaders.set(digest, { index, end: lane.end })
  return true
}

/** The digests of the layers that are not worth waiting for. */
export function trivialLayers(jobs: readonly Job[]): ReadonlySet<string> {
  const layers = new Map<string, { readonly bytes: number; readonly holders: number }>()
  for (const { layers: own = [] } of jobs)
    for (const { digest, bytes } of new Map(own.map(layer => [layer.digest, layer])).values())
      layers.set(digest, { bytes, holders: (layers.get(digest)?.holders ?? 0) + 1 })
  let budget = trivialShare * sum([...layers].map(([digest, { bytes }]) => ({ digest, bytes })))
  return new Set(
    [...layers]
      .filter(([, { bytes, holders }]) => bytes <= trivialBytes && holders > 1)
      .toSorted(([, a], [, b]) => a.bytes * a.holders - b.bytes * b.holders)
      .flatMap(([digest, { bytes, holders }]) => {
        budget -= bytes * (holders - 1)
        return budget < 0 ? [] : [digest]
      }),
  )
}

/** Heavy pulls share the first lanes; the others come to those last. */
function freeLane(lanes: readonly Lane[], bytes: number, now: number): Lane | undefined {
  return bytes < heavyBytes
    ? lanes.findLast(({ end }) => end <= now)
    : lanes.slice(0, mostHeavy).find(({ end }) => end <= now)
}

function nextEnd(lanes: readonly Lane[], now: number): number {
  return Math.min(...lanes.map(({ end }) => end).filter(end => end > now))
}

/**
 * What takes longest comes first, as far as is known, together with all that waits for a layer of it. There, the
 * smallest pull that brings a layer begins, because the others can then run side by side. A pull that
 * will fail comes last, so that none waits for its tries.
 */
function byUrgency(tasks: readonly Task[]): readonly Task[] {
  const holders = new Map<string, Task[]>()
  for (const task of tasks)
    for (const digest of new Set(task.layers?.map(layer => layer.digest)))
      holders.set(digest, [...(holders.get(digest) ?? []), task])
  for (const sharing of holders.values()) {
    if (sharing.length === 1) continue
    const most = Math.max(...sharing.map(({ bytes }) => bytes))
    for (const task of sharing) task.longest = Math.max(task.longest, most)
    const [opener] = sharing.toSorted((a, b) => a.bytes - b.bytes)
    if (opener !== undefined) opener.isOpener = true
  }
  // The last key first: each sort keeps the order of what it finds equal.
  return tasks
    .toSorted((a, b) => (a.isOpener ? a.bytes : -a.bytes) - (b.isOpener ? b.bytes : -b.bytes))
    .toSorted((a, b) => Number(b.isOpener) - Number(a.isOpener))
    .toSorted((a, b) => b.longest - a.longest)
    .toSorted((a, b) => Number(a.isHopeless) - Number(b.isHopeless))
}

function sum(layers: readonly Layer[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0)
}
