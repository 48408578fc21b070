// Whatever is planned, the order of the units lets systemd pull as many at a time as it may, and no more.
import * as fc from 'fast-check'
import t from 'tap'
import { planPulls, selectPulls, type Pull } from '../../lib/plan/plan-pulls.ts'
import { makeImage } from './make-image.ts'
import { seed } from '../judges/seed.ts'

const planOf = (count: number, maxParallel: number) =>
  planPulls(
    'any',
    Array.from({ length: count }, (_, index) => ({
      entry: `${index}.image`,
      boundImage: makeImage(String(index)),
    })),
    maxParallel,
  )

const count = fc.integer({ min: 0, max: 60 })
const maxParallel = fc.integer({ min: 1, max: 20 })
/** How long each pull takes. */
const durations = fc.array(fc.nat(10), { minLength: 60, maxLength: 60 })

t.test('as many at a time as allowed, and in the end all', t => {
  fc.assert(
    fc.property(count, maxParallel, durations, (pulls, most, seconds) => {
      const running = runAll(planOf(pulls, most).pulls, seconds)
      return Math.max(0, ...running) === Math.min(pulls, most)
    }),
    { seed },
  )
  t.end()
})

t.test('every unit keeps its place, and waits for one before it', t => {
  fc.assert(
    fc.property(count, maxParallel, (pulls, most) =>
      planOf(pulls, most).pulls.every(
        ({ entries, after }, index, all) =>
          entries[0] === `${index}.image` &&
          (after === undefined
            ? index < most
            : all.slice(0, index).some(({ unit }) => unit === after)),
      ),
    ),
    { seed },
  )
  t.end()
})

t.test('with some of the pulls left out, the rest is a plan as good', t => {
  fc.assert(
    fc.property(
      count,
      maxParallel,
      durations,
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
      (pulls, most, seconds, wanted) => {
        const whole = planOf(pulls, most)
        const chosen = whole.pulls.filter((_, index) => wanted[index])
        const plan = selectPulls(whole, most, pull => chosen.includes(pull))
        return (
          plan.target === whole.target &&
          JSON.stringify(plan.pulls.map(withoutOrder)) ===
            JSON.stringify(chosen.map(withoutOrder)) &&
          Math.max(0, ...runAll(plan.pulls, seconds)) === Math.min(chosen.length, most)
        )
      },
    ),
    { seed },
  )
  t.end()
})

/**
 * Runs units as systemd does: each as soon as the one before it has ended.
 *
 * @returns how many ran at each moment
 */
function runAll(pulls: readonly Pull[], durations: readonly number[]): readonly number[] {
  const waiting = new Set(pulls)
  const running = new Map<string, number>()
  const ended = new Set<string>()
  const counts: number[] = []
  for (let now = 0; waiting.size > 0 || running.size > 0; now++) {
    for (const [unit, end] of running) if (end <= now && running.delete(unit)) ended.add(unit)
    for (const pull of waiting) {
      if (pull.after !== undefined && !ended.has(pull.after)) continue
      waiting.delete(pull)
      running.set(pull.unit, now + 1 + (durations[pulls.indexOf(pull)] ?? 0))
    }
    counts.push(running.size)
    if (running.size === 0 && waiting.size > 0) throw new Error('the rest waits for ever')
  }
  return counts
}

function withoutOrder({ unit, entries }: Pull) {
  return { unit, entries }
}
