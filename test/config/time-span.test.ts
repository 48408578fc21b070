import * as fc from 'fast-check'
import t from 'tap'
import { formatTimeSpan, parseTimeSpan } from '../../lib/config/time-span.ts'
import { seed } from '../judges/seed.ts'

t.test('time spans', t => {
  const cases: readonly [text: string, seconds: number][] = [
    ['0', 0],
    ['5', 5],
    [' \t5s ', 5],
    ['+5', 5],
    ['1min 30s', 90],
    ['1h30min5', 5405],
    ['2 hours', 7200],
    ['1.5h', 5400],
    ['.5 m', 30],
    ['5 6', 11],
    ['1d 1w', 691_200],
    ['1M', 2_629_800],
    ['1 year', 31_557_600],
    ['250ms', 0.25],
    ['7us 1μs 1µs', 9e-6],
    ['0.1234567', 0.123456],
  ]
  for (const [text, seconds] of cases) t.equal(parseTimeSpan(text), seconds * 1e6, text)
  t.end()
})

t.test('what is none', t => {
  const texts = ['', ' ', 's', '-0', '-1', '1e9', '0x5', 'infinity', '5.', '5 s s', '5mon', '1,5']
  for (const text of [
    ...texts,
    '5+6',
    '1.2.3',
    '٣',
    '5\u00a0s',
    '5\u00a0',
    '5\ns',
    '1_0',
    '5S',
    '1.+5',
  ])
    t.equal(parseTimeSpan(text), undefined, JSON.stringify(text))
  t.end()
})

t.test('a huge number takes no time and fits in nothing', t => {
  t.ok(Number(parseTimeSpan('9'.repeat(60_000))) > 1e300)
  t.equal(parseTimeSpan(`${'9'.repeat(60_000)}x`), undefined)
  t.equal(parseTimeSpan(`5${' '.repeat(60_000)}x`), undefined)
  t.end()
})

t.test('written spans', t => {
  const cases: readonly [seconds: number, text: string][] = [
    [0, '0'],
    [59, '59s'],
    [80, '1min 20s'],
    [3600, '1h'],
    [86_400, '24h'],
    [3661, '1h 1min 1s'],
  ]
  for (const [seconds, text] of cases) t.equal(formatTimeSpan(seconds), text)
  const reads = fc.property(
    fc.nat(),
    seconds => parseTimeSpan(formatTimeSpan(seconds)) === seconds * 1e6,
  )
  t.doesNotThrow(() => fc.assert(reads, { seed }))
  t.end()
})
