import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { inOrder } from '../../lib/shutdown/in-order.ts'

const pulls = [
  { unit: 'c', after: ['b', 'gone'] },
  { unit: 'b', after: ['a'] },
  { unit: 'a', after: [] },
  { unit: 'other', after: [] },
]

t.test('each comes after those that it is to come after, and waits for no others', async t => {
  const events: string[] = []
  const ends = new EventEmitter()
  const lastEnd = once(ends, 'c')
  await inOrder(pulls, async ({ unit }) => {
    events.push(`${unit} begins`)
    await (unit === 'other' ? lastEnd : sleep(10))
    events.push(`${unit} ends`)
    ends.emit(unit)
  })
  t.strictSame(
    events.filter(event => !event.startsWith('other')),
    ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'],
  )
  t.ok(events.indexOf('other begins') < events.indexOf('a ends'))
  t.equal(events.at(-1), 'other ends')
})

t.test('one that fails keeps none from being carried out, and is told', async t => {
  const done: string[] = []
  const failing = inOrder(pulls, ({ unit }) => {
    done.push(unit)
    return unit === 'a' ? Promise.reject(new Error('it fails')) : Promise.resolve()
  })
  await t.rejects(failing, { message: 'it fails' })
  t.strictSame(done.toSorted(), ['a', 'b', 'c', 'other'])
})

t.test('a long chain is no matter', async t => {
  const chain = Array.from({ length: 20_000 }, (_, index) => ({
    unit: String(index),
    after: index === 0 ? [] : [String(index - 1)],
  }))
  let count = 0
  await inOrder(chain, () => Promise.resolve(void count++))
  t.equal(count, chain.length)
})
