// Whatever there is to pull: each layer is downloaded once, no more pulls run at a time than may, all end, and about
// as soon as possible.
import * as fc from 'fast-check'
import t from 'tap'
import {
  fixedCost,
  heavyBytes,
  maxHeavy,
  orderPulls,
  trivialBytes,
  unknownBytes,
  type Job,
  type Slot,
} from '../../lib/plan/order-pulls.ts'
import { sumBytes, type Layer } from '../../lib/plan/layer.ts'
import { seed } from '../judges/seed.ts'

const bytes = fc.oneof(fc.nat(100), fc.nat(100_000), fc.integer({ min: 100_000, max: 300_000_000 }))
const known = (sizes: readonly number[]) =>
  fc.array(fc.nat(sizes.length - 1), { maxLength: 8 }).map(layers => ({
    layers: layers.map(index => ({ digest: `sha256:${index}`, bytes: sizes[index] ?? 0 })),
  }))
const unknown = fc.boolean().map(isRefused => ({ layers: undefined, isRefused }))
/** Images of layers from one pool, some of them unknown. */
const jobsOf: fc.Arbitrary<readonly Job[]> = fc
  .array(bytes, { minLength: 1, maxLength: 30 })
  .chain(sizes =>
    fc.array(fc.oneof({ weight: 12, arbitrary: known(sizes) }, { weight: 1, arbitrary: unknown }), {
      maxLength: 40,
    }),
  )
const most = fc.integer({ min: 1, max: 20 })
/** How long each pull takes. */
const durations = fc.array(fc.nat(10), { minLength: 40, maxLength: 40 })

t.test('no layer worth a wait is downloaded twice, however long each pull takes', t => {
  fc.assert(
    fc.property(jobsOf, most, durations, (jobs, maxParallel, seconds) => {
      const slots = orderPulls(jobs, maxParallel)
      const arrived = new Set<string>()
      const onTheWay = new Set<string>()
      let isOnce = true
      play(slots, seconds, {
        begin: index => {
          const layers = jobs[index]?.layers
          const own = (layers ?? []).filter(layer => isTrivial(layer) || !arrived.has(layer.digest))
          if (slots[index]?.bytes !== (layers && sumBytes(own))) isOnce = false
          const awaited = own.filter(layer => !isTrivial(layer))
          if (awaited.some(({ digest }) => onTheWay.has(digest))) isOnce = false
          for (const { digest } of awaited) onTheWay.add(digest)
        },
        end: index => {
          for (const { digest } of jobs[index]?.layers ?? []) {
            arrived.add(digest)
            onTheWay.delete(digest)
          }
        },
      })
      return isOnce
    }),
    { seed },
  )
  t.end()
})

t.test('an empty layer that all have keeps none waiting', t => {
  const empty = { digest: 'sha256:empty', bytes: 32 }
  const jobs = Array.from({ length: 8 }, (_, index) => ({
    layers: [{ digest: `sha256:${index}`, bytes: 40_000 }, empty],
  }))
  t.ok(orderPulls(jobs, 8).every(({ after }) => after.length === 0))
  const both = (bytes: number) => {
    const layers = [{ ...empty, bytes }]
    return orderPulls([{ layers }, { layers }], 8).map(({ after }) => after)
  }
  t.strictSame(both(trivialBytes), [[], []])
  t.strictSame(both(trivialBytes + 1), [[], [0]])
  t.end()
})

t.test('at most so many at a time, however long each takes', t => {
  fc.assert(
    fc.property(jobsOf, most, durations, (jobs, maxParallel, seconds) => {
      const slots = orderPulls(jobs, maxParallel)
      const running = new Set<number>()
      let [worst, worstHeavy] = [0, 0]
      play(slots, seconds, {
        begin: index => {
          running.add(index)
          worst = Math.max(worst, running.size)
          const heavy = [...running].filter(each => isHeavy(slots[each]))
          worstHeavy = Math.max(worstHeavy, heavy.length)
        },
        end: index => running.delete(index),
      })
      return worst <= maxParallel && worstHeavy <= maxHeavy
    }),
    { seed },
  )
  t.end()
})

t.test('what is under way counts as such: its layers, and its place', t => {
  fc.assert(
    fc.property(jobsOf, most, durations, (all, maxParallel, seconds) => {
      // As an earlier order can have left them: they share nothing, and are not too many.
      const taken = new Set<string>()
      let places = Math.min(maxParallel, maxHeavy)
      const jobs = all.map(job => {
        const digests = (job.layers ?? []).map(({ digest }) => digest)
        if (places === 0 || job.layers === undefined || digests.some(digest => taken.has(digest)))
          return job
        places--
        for (const digest of digests) taken.add(digest)
        return { ...job, isPulling: true }
      })
      const slots = orderPulls(jobs, maxParallel)
      const onTheWay = new Set<string>()
      const running = new Set<number>()
      let isRight = jobs.every(
        (job, index) => !('isPulling' in job) || slots[index]?.after.length === 0,
      )
      const arrived = new Set<string>()
      play(slots, seconds, {
        begin: index => {
          running.add(index)
          if (running.size > maxParallel) isRight = false
          for (const layer of jobs[index]?.layers ?? []) {
            const { digest } = layer
            if (arrived.has(digest) || isTrivial(layer)) continue
            if (onTheWay.has(`${digest} ${index}`)) continue
            if ([...onTheWay].some(each => each.startsWith(`${digest} `))) isRight = false
            onTheWay.add(`${digest} ${index}`)
          }
        },
        end: index => {
          running.delete(index)
          for (const { digest } of jobs[index]?.layers ?? []) {
            arrived.add(digest)
            onTheWay.delete(`${digest} ${index}`)
          }
        },
      })
      return isRight
    }),
    { seed },
  )
  t.end()
})

t.test('two names of one image are never pulled at the same time', t => {
  const digests = fc.array(fc.option(fc.nat(5), { nil: undefined }), { maxLength: 40 })
  fc.assert(
    fc.property(jobsOf, digests, most, durations, (all, numbers, maxParallel, seconds) => {
      const jobs = all.map((job, index) => {
        const number = numbers[index]
        return { ...job, image: number === undefined ? undefined : `sha256:image-${number}` }
      })
      const slots = orderPulls(jobs, maxParallel)
      const running = new Set<string>()
      let isAlone = true
      play(slots, seconds, {
        begin: index => {
          const image = jobs[index]?.image
          if (image === undefined) return
          if (running.has(image)) isAlone = false
          running.add(image)
        },
        end: index => running.delete(jobs[index]?.image ?? ''),
      })
      return isAlone
    }),
    { seed },
  )
  t.end()
})

t.test('what shares nothing fills all the places there are', t => {
  fc.assert(
    fc.property(fc.nat(60), most, (count, maxParallel) => {
      const jobs = Array.from({ length: count }, (_, index) => ({
        layers: [{ digest: `sha256:${index}`, bytes: 1000 }],
      }))
      const starters = orderPulls(jobs, maxParallel).filter(({ after }) => after.length === 0)
      return starters.length === Math.min(count, maxParallel)
    }),
    { seed },
  )
  t.end()
})

t.test(
  'of heavy ones that share nothing, only so many have a place, beside as many light ones as fit',
  t => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), most, (heavy, light, maxParallel) => {
        const jobs = Array.from({ length: heavy + light }, (_, index) => ({
          layers: [{ digest: `sha256:${index}`, bytes: index < heavy ? heavyBytes : 1000 }],
        }))
        const slots = orderPulls(jobs, maxParallel)
        const starters = slots.filter(({ after }) => after.length === 0)
        const lanes = Math.min(heavy, maxHeavy, maxParallel)
        return (
          starters.filter(isHeavy).length === lanes &&
          starters.length === Math.min(lanes + light, maxParallel)
        )
      }),
      { seed },
    )
    t.end()
  },
)

t.test('it takes less than five times as long as it must, and seldom much longer', t => {
  const ratios: number[] = []
  fc.assert(
    fc.property(jobsOf, most, (all, maxParallel) => {
      if (all.length === 0) return true
      // An image that has a layer twice is rare, and makes the bound too low.
      const jobs = all.map(({ layers, ...job }) => ({
        ...job,
        layers: layers && [...new Map(layers.map(layer => [layer.digest, layer])).values()],
      }))
      const slots = orderPulls(jobs, maxParallel)
      const ratio = makespan(slots) / lowerBound(jobs, maxParallel)
      ratios.push(ratio)
      return ratio < 5
    }),
    { seed, numRuns: 500 },
  )
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
  t.ok(mean < 1.5, `${mean}`)
  t.end()
})

t.test('of a chain, the largest comes first: the others then wait for nothing else', t => {
  const chain = Array.from({ length: 8 }, (_, index) => ({
    digest: `sha256:${index}`,
    bytes: 5_000_000,
  }))
  const slots = orderPulls(
    chain.map((_, index) => ({ layers: chain.slice(0, index + 1) })),
    8,
  )
  t.strictSame(
    slots.map(({ after }) => after),
    [[7], [7], [7], [7], [7], [7], [7], []],
  )
  t.end()
})

t.test('on one base, the smallest comes first: the others then run side by side', t => {
  const base = { digest: 'sha256:base', bytes: 5_000_000 }
  const slots = orderPulls(
    [3, 1, 2].map(size => ({
      layers: [base, { digest: `sha256:${size}`, bytes: size * 1_000_000 }],
    })),
    8,
  )
  t.strictSame(
    slots.map(({ after }) => after),
    [[1], [], [1]],
  )
  t.end()
})

t.test('what the registry has refused comes last', t => {
  const layers = [{ digest: 'sha256:0', bytes: 5 }]
  const slots = orderPulls([{ layers: undefined, isRefused: true }, { layers }, { layers: [] }], 1)
  t.strictSame(
    slots.map(({ after }) => after),
    [[2], [], [1]],
  )
  t.end()
})

t.test('nothing waits for what the registry has refused, not even another name of its image', t => {
  const refused = fc.array(fc.record({ isRefused: fc.boolean(), image: fc.nat(10) }), {
    minLength: 40,
    maxLength: 40,
  })
  fc.assert(
    fc.property(jobsOf, refused, most, (all, facts, maxParallel) => {
      const jobs = all.map((job, index) => ({
        ...job,
        isRefused: facts[index]?.isRefused,
        image: `sha256:image-${facts[index]?.image}`,
      }))
      return orderPulls(jobs, maxParallel).every(
        ({ after }, index) =>
          jobs[index]?.isRefused === true || after.every(other => jobs[other]?.isRefused !== true),
      )
    }),
    { seed },
  )
  t.end()
})

t.test('20,000 images take a few seconds of a processor', t => {
  const jobs = Array.from({ length: 20_000 }, (_, index) => ({
    layers: [
      { digest: `sha256:base-${index % 20}`, bytes: 40_000_000 },
      { digest: `sha256:runtime-${index % 200}`, bytes: 20_000_000 },
      { digest: `sha256:${index >> 1}`, bytes: 1_000_000 + index },
    ],
  }))
  const start = process.cpuUsage()
  t.equal(orderPulls(jobs, 64).length, jobs.length)
  const { user, system } = process.cpuUsage(start)
  const seconds = (user + system) / 1e6
  t.ok(seconds < 15, `${seconds}`)
  t.end()
})

function isTrivial({ bytes }: Layer): boolean {
  return bytes <= trivialBytes
}

function isHeavy(slot: Slot | undefined): boolean {
  return (slot?.bytes ?? unknownBytes) >= heavyBytes
}

function cost(slot: Slot): number {
  return fixedCost + (slot.bytes ?? unknownBytes)
}

/** When the last pull ends, if each downloads at the same rate. */
function makespan(slots: readonly Slot[]): number {
  const ends = new Map<Slot, number>()
  const endOf = (slot: Slot | undefined): number => {
    if (slot === undefined) return 0
    const known = ends.get(slot)
    if (known !== undefined) return known
    const end = Math.max(0, ...slot.after.map(index => endOf(slots[index]))) + cost(slot)
    ends.set(slot, end)
    return end
  }
  return Math.max(...slots.map(endOf))
}

/**
 * No order can end sooner: all the work on all the places, or what one image alone has, which one process downloads, or
 * the largest layer.
 */
function lowerBound(jobs: readonly Job[], maxParallel: number): number {
  const holders = new Map<string, number>()
  for (const { layers = [] } of jobs)
    for (const digest of new Set(layers.map(layer => layer.digest)))
      holders.set(digest, (holders.get(digest) ?? 0) + 1)
  const shared = new Map<string, number>()
  const alone = jobs.map(({ layers }) => {
    if (layers === undefined) return fixedCost + unknownBytes
    for (const { digest } of layers) {
      if (holders.get(digest) === 1) continue
      const copies = layers.filter(layer => layer.digest === digest)
      const size = copies.reduce((total, layer) => total + layer.bytes, 0)
      shared.set(digest, Math.min(size, shared.get(digest) ?? size))
    }
    const own = layers.filter(({ digest }) => holders.get(digest) === 1)
    return own.reduce((total, layer) => total + layer.bytes, fixedCost)
  })
  const work = [...alone, ...shared.values()].reduce((total, each) => total + each, 0)
  return Math.max(work / maxParallel, ...alone, ...shared.values())
}

/** Runs pulls as systemd does, each as soon as those before it have ended. Throws when some wait for ever. */
function play(
  slots: readonly Slot[],
  seconds: readonly number[],
  {
    begin,
    end,
  }: { readonly begin: (index: number) => void; readonly end: (index: number) => void },
): void {
  const waiting = new Set(slots.keys())
  const running = new Map<number, number>()
  const ended = new Set<number>()
  for (let now = 0; waiting.size > 0 || running.size > 0; now++) {
    for (const [index, until] of running) {
      if (until > now) continue
      running.delete(index)
      ended.add(index)
      end(index)
    }
    for (const index of waiting) {
      if (slots[index]?.after.every(other => ended.has(other)) !== true) continue
      waiting.delete(index)
      running.set(index, now + 1 + (seconds[index] ?? 0))
      begin(index)
    }
    if (running.size === 0 && waiting.size > 0) throw new Error('the rest waits for ever')
  }
}
