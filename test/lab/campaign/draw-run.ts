import { drawHandPull, type HandPull } from './hand-pull.ts'
import { drawImages, type ImagePlan } from './images.ts'
import { Random } from './random.ts'

/** What is ended without warning: the host with or without its page cache, or one part of the whole. */
export type Victim = 'power' | 'host' | 'registry' | 'podman' | 'program'

/**
 * In the order in which they come. `pulling by hand`, `pulled by hand`: nothing is staged. `staged`: the update tool has ended. `pulled`: every image is there.
 * `shutdown`: it was asked for. `gate`: the gate has begun. `finalized`: the boot entries have changed.
 */
export type Event =
  'pulling by hand' | 'pulled by hand' | 'staged' | 'pulled' | 'shutdown' | 'gate' | 'finalized'

/** When something happens. */
export interface Moment {
  readonly event: Event
  readonly ms: number
}

export interface Blow {
  readonly victim: Victim
  readonly moment: Moment
  /** When a shutdown is asked for; only there if the blow comes after that. */
  readonly shutdown?: Moment
  /** For a registry: how long it is away; without it, until the host is off. */
  readonly awayMs?: number
}

/** All that is decided about one run. It follows from `seed` and the kind of campaign. */
export interface RunPlan {
  readonly seed: number
  /** Those that the next version brings. */
  readonly images: readonly ImagePlan[]
  /** What somebody pulls before it is staged, whom the first blow meets. */
  readonly byHand?: HandPull
  /** The next one comes when the host is still on its old version. */
  readonly blows: readonly Blow[]
  /** Whether the old version is booted again at the end. */
  readonly rollback: boolean
}

/** With `hand`, somebody pulls images of the next version before that, with `hand-layer` another one on their layers. */
export type RunKind = 'crash' | 'power' | 'hand' | 'hand-layer'

export function drawRun(kind: RunKind, seed: number): RunPlan {
  const random = new Random(`${kind} ${seed}`)
  const images = drawImages(random, `${kind}-${seed}`)
  if (kind === 'hand' || kind === 'hand-layer') {
    const byHand = drawHandPull(random, kind, images)
    return { seed, images, byHand, blows: [drawCutByHand(random)], rollback: false }
  }
  const draw = { crash: drawCrash, power: drawPowerCut }[kind]
  return {
    seed,
    images,
    blows: [draw(random), ...(random.percent(25) ? [draw(random)] : [])],
    rollback: random.percent(20),
  }
}

function drawCrash(random: Random): Blow {
  const victim = random.choose([55, 'host'], [10, 'registry'], [20, 'podman'], [15, 'program'])
  const event =
    victim === 'host'
      ? random.choose(
          [40, 'staged'],
          [5, 'pulled'],
          [25, 'shutdown'],
          [15, 'gate'],
          [15, 'finalized'],
        )
      : random.choose([60, 'staged'], [30, 'shutdown'], [10, 'gate'])
  const away = victim === 'registry' && random.percent(75)
  return {
    victim,
    moment: { event, ms: random.integer(0, longest[event]) },
    ...drawShutdown(random, event),
    ...(away ? { awayMs: random.integer(0, 3000) } : {}),
  }
}

function drawPowerCut(random: Random): Blow {
  const event = random.choose(
    [40, 'staged'],
    [25, 'pulled'],
    [10, 'shutdown'],
    [10, 'gate'],
    [15, 'finalized'],
  )
  // The journal of a file system is written every few seconds, the contents of files much later.
  const late = event === 'pulled' && random.percent(50)
  return {
    victim: 'power',
    moment: { event, ms: late ? random.integer(4000, 8000) : random.integer(0, longest[event]) },
    ...drawShutdown(random, event),
  }
}

function drawCutByHand(random: Random): Blow {
  const event = random.choose([40, 'pulling by hand'], [60, 'pulled by hand'])
  return { victim: 'power', moment: { event, ms: random.integer(0, longest[event]) } }
}

/** Milliseconds from an event to what comes next, with some room. */
const longest: Readonly<Record<Event, number>> = {
  'pulling by hand': 2000,
  'pulled by hand': 8000,
  staged: 4000,
  pulled: 500,
  shutdown: 2000,
  gate: 600,
  finalized: 150,
}

function drawShutdown(random: Random, event: Event): { readonly shutdown?: Moment } {
  if (event === 'staged' || event === 'pulled') return {}
  const after = event === 'finalized' || random.percent(50) ? 'pulled' : 'staged'
  return { shutdown: { event: after, ms: random.integer(0, after === 'staged' ? 3000 : 300) } }
}
