import t from 'tap'
import { describeError } from '../../lib/text/describe-error.ts'

t.test('an error with its causes is one line', t => {
  const error = new Error('staging', { cause: new Error('reading x', { cause: 'no such file' }) })
  t.equal(describeError(error), 'staging: reading x: no such file')
  t.end()
})
