import t from 'tap'
import { nearest } from '../../lib/config/nearest.ts'

t.test('the name that was meant', t => {
  const names = ['Gate', 'GateTimeoutSec', 'MaxParallel', 'RetryDelaySec', 'RetryLimit', 'Store']
  const cases: readonly [text: string, name: string | undefined][] = [
    ['MaxParalel', 'MaxParallel'],
    ['maxparallel', 'MaxParallel'],
    ['RetryDelay', 'RetryDelaySec'],
    ['RetryLimits', 'RetryLimit'],
    ['Retries', undefined],
    ['Gat', 'Gate'],
    ['Sotre', undefined],
    ['Stor', 'Store'],
    ['', undefined],
    ['x'.repeat(60_000), undefined],
  ]
  for (const [text, name] of cases) t.equal(nearest(text, names), name, text.slice(0, 20))
  t.end()
})
