import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import t from 'tap'
import { mapParallel } from '../lib/map-parallel.ts'
import { seed } from './judges/seed.ts'

t.test('every item, in its place, and not too many at a time', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 20 }),
      fc.integer({ min: 1, max: 25 }),
      async (delays, most) => {
        let [running, highest] = [0, 0]
        const results = await mapParallel(delays, most, async delay => {
          highest = Math.max(highest, ++running)
          await sleep(delay)
          running--
          return delay * 2
        })
        return (
          JSON.stringify(results) === JSON.stringify(delays.map(delay => delay * 2)) &&
          highest === Math.min(most, delays.length)
        )
      },
    ),
    { seed, numRuns: 50 },
  )
  t.end()
})

t.test('a failure is the answer', async t => {
  const fail = mapParallel([1, 2, 3], 2, async item => {
    await sleep(item)
    if (item === 2) throw new Error('two')
    return item
  })
  await t.rejects(fail, { message: 'two' })
})
