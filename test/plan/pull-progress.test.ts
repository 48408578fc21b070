import t from 'tap'
import { pullProgress } from '../../lib/plan/pull-progress.ts'

t.test('progress of a pull', t => {
  const cases = [
    ['pulling', 'loaded', 'activating', true, 0],
    ['pulling', 'loaded', 'inactive', true, 0],
    ['retrying', 'loaded', 'activating', false, 2],
    ['retrying', 'loaded', 'inactive', true, 1],
    ['retrying', 'loaded', 'failed', true, 1],
    ['pulled', 'loaded', 'active', false, 0],
    ['pulled', 'not-found', 'active', false, 3],
    ['failed', 'loaded', 'failed', false, 5],
    ['stopped', 'loaded', 'inactive', false, 0],
    ['unknown', 'not-found', 'inactive', false, 0],
  ] as const
  for (const [expected, load, active, hasJob, restarts] of cases)
    t.equal(pullProgress({ load, active, hasJob, restarts }), expected)
  t.end()
})
