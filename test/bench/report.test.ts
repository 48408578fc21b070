import t from 'tap'
import { makeLayer } from '../lab/oci-image.ts'
import { median, spread } from './measuring.ts'
import { formatTable } from './pull/report.ts'
import { missingBytes } from './pull/workloads.ts'

const result = (peer: string, seconds: readonly number[], bytes: readonly number[]) => ({
  workload: 'one',
  condition: { latencyMs: 20, megabytesPerSecond: 10 },
  peer,
  seconds,
  bytes,
  missingBytes: 100,
})

t.test('the median and the spread of runs', t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.equal(spread([1, 2, 3]), 1)
  t.end()
})

t.test('each missing layer counts once, and what is there does not', t => {
  const [base, one, other] = [{ bytes: 1000 }, { bytes: 10 }, { bytes: 20 }].map(makeLayer)
  if (base === undefined || one === undefined || other === undefined) throw new Error('no layers')
  const images = [
    [base, one],
    [base, other],
  ]
  const workload = { name: '', images, before: [] }
  const bytes = (layers: readonly (typeof base)[]) =>
    layers.reduce((sum, { data }) => sum + data.length, 0)
  t.equal(missingBytes(workload), bytes([base, one, other]))
  t.equal(missingBytes({ ...workload, before: [[base, one]] }), bytes([other]))
  t.end()
})

t.test('a peer stands beside the first, as a ratio', t => {
  const table = formatTable(
    [result('first', [1, 2, 3], [100, 101, 102]), result('second', [3, 3, 3], [200, 200, 200])],
    { seconds: [1, 1, 2, 1, 1, 1] },
  )
  t.match(table, '| one | 20 ms, 10 MB/s | first | 1.00 | 2.0 s ± 50 % | 1.01 |\n')
  t.match(table, 'took 1000 ms ± 25 % in 3 in a row')
  t.match(table, '| one | 20 ms, 10 MB/s | second | 1.50 | 3.0 s ± 0 % | 2.00 |\n')
  t.end()
})
