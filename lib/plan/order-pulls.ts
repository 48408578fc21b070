import type { ImageKnowledge } from './knowledge.ts'
import { sumBytes } from './layer.ts'
import { RankedQueue, type Ranked } from './ranked-queue.ts'
import { trivialLayers } from './trivial-layers.ts'
import { byUrgency, type Candidate, type LeaderChoice } from './urgency.ts'

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

/** Pulls of so many bytes compete for bandwidth and processors; smaller ones mostly wait for answers. */
export const heavyBytes = 10_000_000

/** More heavy pulls at a time take longer than one after another. */
export const mostHeavy = 4

/** The pulls of one image by all its names, which are carried out one after another. */
interface Task extends Candidate {
  /** Of the jobs, in this order. */
  readonly indices: readonly number[]
}

/** A task under way, or one that has ended. */
interface Run {
  /** Index of its last job. */
  readonly last: readonly number[]
  readonly end: number
  /** Those that lack a layer which it brings. */
  readonly followers: Ranked<Task>[]
}

/**
 * Decides which pulls wait for which, so that every layer (but trivial ones) is downloaded once and at most
 * `maxParallel` run at a time, four of them heavy.
 *
 * podman processes that run at the same time each download a layer that they share. So of the pulls that lack a
 * layer, one brings it, and no other begins before that has ended. If it is the smallest, the others can then run side
 * by side; if it is the largest, they lack less. Both are played through, and what ends sooner is taken. Those that
 * are under way come first in any case, because systemd lets them go on.
 *
 * Nor are two names of one image pulled at the same time: each process would fetch its manifest and configuration.
 *
 * @returns a slot for each job. There are no cycles: who is waited for began earlier in the play.
 */
export function orderPulls(jobs: readonly Job[], maxParallel: number): readonly Slot[] {
  const trivial = trivialLayers(jobs.map(({ layers }) => layers))
  const tasks = tasksOf(jobs)
  const plays = choices.map(choice => new Play(jobs.length, tasks, maxParallel, trivial, choice))
  return plays.reduce((best, other) => (other.end < best.end ? other : best)).slots
}

const choices: readonly LeaderChoice[] = ['smallest', 'largest']

/** All pulls, played through: whenever a lane is free, the most urgent that lacks nothing which is on its way takes it. */
class Play {
  readonly slots: Slot[]
  /** When the last one ends. */
  readonly end: number
  #now = 0
  readonly #trivial: ReadonlySet<string>
  readonly #lanes: (Run | undefined)[]
  /** Who brings a layer, or has brought it. */
  readonly #leaders = new Map<string, Run>()
  readonly #heavy = new RankedQueue<Task>()
  readonly #light = new RankedQueue<Task>()

  constructor(
    jobs: number,
    tasks: readonly Task[],
    maxParallel: number,
    trivial: ReadonlySet<string>,
    choice: LeaderChoice,
  ) {
    this.slots = Array.from({ length: jobs }, () => ({ after: [], bytes: undefined }))
    this.#trivial = trivial
    this.#lanes = Array.from({ length: maxParallel }, () => undefined)
    let ready = byUrgency(tasks, choice).map((task, rank) => ({ ...task, rank }))
    for (;;) {
      for (const task of ready.toReversed()) this.#queueFor(task).add(task)
      for (let task = this.#next(); task !== undefined; task = this.#next()) this.#begin(task)
      const running = this.#lanes.flatMap(run => run ?? []).filter(run => !this.#hasEnded(run))
      if (running.length === 0) break
      this.#now = Math.min(...running.map(run => run.end))
      ready = running.filter(run => this.#hasEnded(run)).flatMap(run => run.followers)
    }
    this.end = this.#now
  }

  #queueFor(task: Task): RankedQueue<Task> {
    return isHeavy(bytesOf(this.#missing(task))) ? this.#heavy : this.#light
  }

  #next(): Ranked<Task> | undefined {
    if (this.#freeLane() < 0) return undefined
    const isHeavyNext = this.#freeHeavyLane() >= 0 && this.#heavy.topRank < this.#light.topRank
    return (isHeavyNext ? this.#heavy : this.#light).take()
  }

  /** Lets a pull wait for the last of its leaders, or takes a lane for it. */
  #begin(task: Ranked<Task>): void {
    const leaders = (task.layers ?? []).flatMap(({ digest }) => this.#leaders.get(digest) ?? [])
    const last = leaders.toSorted((a, b) => b.end - a.end).at(0)
    if (last !== undefined && !this.#hasEnded(last)) {
      last.followers.push(task)
      return
    }
    const layers = this.#missing(task)
    const bytes = bytesOf(layers)
    const lane = isHeavy(bytes) ? this.#freeHeavyLane() : this.#freeLane()
    const before = this.#lanes[lane]
    const runs = new Set([...leaders, ...(before === undefined ? [] : [before])])
    let slot: Slot = { after: [...runs].flatMap(run => run.last), bytes }
    for (const index of task.indices) {
      this.slots[index] = slot
      slot = { after: [index], bytes: bytes === undefined ? undefined : 0 }
    }
    const end = this.#now + task.indices.length * fixedCost + (bytes ?? unknownBytes)
    const run: Run = { last: slot.after, end, followers: [] }
    this.#lanes[lane] = run
    for (const { digest } of layers ?? [])
      if (!this.#trivial.has(digest)) this.#leaders.set(digest, run)
  }

  /** What nobody brings yet. */
  #missing({ layers }: Task): Task['layers'] {
    return layers?.filter(({ digest }) => !this.#leaders.has(digest))
  }

  /** Heavy pulls share the first lanes. */
  #freeHeavyLane(): number {
    return this.#lanes.slice(0, mostHeavy).findIndex(run => this.#hasEnded(run))
  }

  /** The others come to those last. */
  #freeLane(): number {
    return this.#lanes.findLastIndex(run => this.#hasEnded(run))
  }

  #hasEnded(run: Run | undefined): boolean {
    return run === undefined || run.end <= this.#now
  }
}

function tasksOf(jobs: readonly Job[]): readonly Task[] {
  const groups = new Map<string | number, [number, Job][]>()
  for (const [index, job] of jobs.entries()) {
    const group = groups.get(job.image ?? index)
    if (group === undefined) groups.set(job.image ?? index, [[index, job]])
    else group.push([index, job])
  }
  return [...groups.values()].map(group => {
    // None waits for the tries of one that will fail.
    const sorted = group
      .toSorted(([, a], [, b]) => hopelessness(a) - hopelessness(b))
      .toSorted(([, a], [, b]) => Number(b.isUnderWay === true) - Number(a.isUnderWay === true))
    const layers = group.find(([, job]) => job.layers !== undefined)?.[1].layers
    return {
      indices: sorted.map(([index]) => index),
      layers,
      bytes: bytesOf(layers) ?? unknownBytes,
      isHopeless: group.every(([, job]) => hopelessness(job) > 0),
      isUnderWay: group.some(([, job]) => job.isUnderWay === true),
    }
  })
}

function hopelessness({ isHopeless = false }: Job): number {
  return Number(isHopeless)
}

function bytesOf(layers: Task['layers']): number | undefined {
  return layers && sumBytes(layers)
}

function isHeavy(bytes = unknownBytes): boolean {
  return bytes >= heavyBytes
}
