import t from 'tap'
import { pullProgress } from '../../lib/plan/pull-progress.ts'

t.test('progress of a pull', t => {
  const cases = [
    ['pulling', 'loaded', 'activating', true, false],
    ['pulling', 'loaded', 'inactive', true, false],
    ['retrying', 'loaded', 'activating', false, true],
    ['retrying', 'loaded', 'inactive', true, true],
    ['retrying', 'loaded', 'failed', true, true],
    ['pulled', 'loaded', 'active', false, false],
    ['pulled', 'not-found', 'active', false, true],
    ['failed', 'loaded', 'failed', false, true],
    ['stopped', 'loaded', 'inactive', false, false],
    ['unknown', 'not-found', 'inactive', false, false],
  ] as const
  for (const [expected, load, active, hasJob, hasFailedAttempt] of cases)
    t.equal(pullProgress({ load, active, hasJob, hasFailedAttempt }), expected)
  t.end()
})
