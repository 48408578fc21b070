// systemd is the judge of what a time span is: systemd-analyze(1), timespan.
import { spawnSync } from 'node:child_process'
import * as fc from 'fast-check'
import t from 'tap'
import { parseTimeSpan } from '../../lib/config/time-span.ts'
import { seed } from '../judges/seed.ts'

t.setTimeout(600_000)

/** Microseconds; undefined for what is refused, and for `infinity`. */
function systemd(text: string): number | undefined {
  const { stdout, error } = spawnSync('systemd-analyze', ['timespan', '--', text], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  if (error !== undefined) throw error
  const microseconds = /^ *[uμ]s: (\d+)$/mu.exec(stdout)?.[1]
  const isFinite = microseconds !== undefined && microseconds !== '18446744073709551615'
  return isFinite ? Number(microseconds) : undefined
}

const units = 'usec us μs µs msec ms seconds second sec s minutes minute min m hours hour hr h'
const longUnits = 'days day d weeks week w months month M years year y'
const token = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...'0 1 9 12 30 90 0.5 1.25 .5 5. 0.1234567'.split(' ')),
  },
  { weight: 6, arbitrary: fc.constantFrom(...units.split(' '), ...longUnits.split(' ')) },
  { weight: 4, arbitrary: fc.constantFrom(' ', '  ', '\t', '') },
  { weight: 1, arbitrary: fc.constantFrom(...'+ - . , e x S H _ infinity'.split(' ')) },
)

t.test('random spans', t => {
  const outcomes = { spans: 0, refused: 0 }
  const property = fc.property(
    fc.array(token, { minLength: 1, maxLength: 4 }).map(tokens => tokens.join('')),
    text => {
      const expected = systemd(text)
      const found = parseTimeSpan(text)
      if (found !== expected) throw new Error(`${JSON.stringify(text)}: ${found}, not ${expected}`)
      outcomes[expected === undefined ? 'refused' : 'spans']++
    },
  )
  t.doesNotThrow(() => fc.assert(property, { seed, numRuns: 500 }))
  t.comment(`SEED=${seed}:`, outcomes)
  for (const [outcome, count] of Object.entries(outcomes)) t.ok(count >= 50, outcome)
  t.end()
})
