import t from 'tap'
import { runStep } from '../../lib/host/run-step.ts'
import { limitPodman, podmanLimit } from '../../lib/host/podman-limit.ts'
import { timeLeft } from '../../lib/host/time-left.ts'

t.test('whole milliseconds that timers take', async t => {
  const half = timeLeft(Date.now() + 60_000.5)
  t.ok(Number.isInteger(half) && half > 50_000 && half <= 60_001, `${half}`)
  t.equal(timeLeft(Date.now() - 5000), 1, 'a deadline that is over')
  t.equal(timeLeft(Infinity), 2 ** 31 - 1)
})

t.test('a command with half a millisecond in its deadline', async t => {
  t.equal(await runStep(['true'], { deadline: Date.now() + 60_000.5 }), undefined)
  t.equal(
    await runStep(['sleep', '60'], { deadline: Date.now() + 100.5 }),
    'sleep did not end in time',
  )
})

t.test('a command with an environment of its own and no deadline', async t => {
  const environment = { WORD: 'yes' }
  t.equal(await runStep(['sh', '-c', '[ "$WORD" = yes ]'], { environment }), undefined)
  t.equal(await runStep(['sh', '-c', '[ -z "$WORD" ]']), undefined)
})

t.test('why a command failed', async t => {
  t.equal(await runStep(['sh', '-c', 'echo "Error: no such image" >&2; exit 1']), 'no such image')
  t.equal(await runStep(['/bin/false']), 'false failed and gave no reason')
})

t.test('podman with half a millisecond in its deadline', async t => {
  t.equal(podmanLimit(), 300_000)
  limitPodman({ each: 20_000 })
  t.equal(podmanLimit(), 20_000)
  limitPodman({ each: 30_000, deadline: Date.now() + 10_000.5 })
  t.ok(Number.isInteger(podmanLimit()) && podmanLimit() <= 10_001)
})
