import * as fc from 'fast-check'
import t from 'tap'
import { formatBytes, judgeSpace, whyNoRoom } from '../../lib/plan/disk-space.ts'
import { seed } from '../judges/seed.ts'

const layer = (digest: string, bytes: number) => ({ digest, bytes })
const store = (bytes: number) => ({ path: '/store', bytes })
const temporary = (bytes: number) => ({ path: '/tmp', bytes })

t.test('what cannot fit, what may not, and what does', t => {
  const images = [[layer('a', 600_000_000), layer('b', 400_000_000)]]
  const roomy = temporary(1e12)
  t.strictSame(judgeSpace(images, store(999_999_999), roomy), {
    refusal:
      'the bound images to pull are 1.0 GB compressed and need more space when unpacked, but /store has only 1.0 GB free',
  })
  t.match(judgeSpace(images, store(1_000_000_000), roomy), {
    refusal: undefined,
    warning:
      'the bound images to pull are 1.0 GB compressed and may need 3.0 GB when unpacked, but /store has only 1.0 GB free',
  })
  t.match(judgeSpace(images, store(2_999_999_999), roomy), { warning: /may need/ })
  t.strictSame(judgeSpace(images, store(3_000_000_000), roomy), {})
  t.end()
})

t.test('the biggest layer must fit where podman unpacks it', t => {
  const images = [[layer('a', 600)], [layer('b', 400)]]
  t.strictSame(judgeSpace(images, store(1e12), temporary(599)), {
    refusal: 'the largest layer to pull is 600 B, but /tmp has only 599 B free',
  })
  t.strictSame(judgeSpace(images, store(1e12), temporary(600)), {})
  t.end()
})

t.test('a layer of several images is stored once', t => {
  const images = [[layer('a', 500), layer('b', 1)], [layer('a', 500)]]
  t.equal(judgeSpace(images, store(501), temporary(500)).refusal, undefined)
  t.match(judgeSpace(images, store(500), temporary(500)), { refusal: /501 B/ })
  t.end()
})

t.test('an image that cannot fit even alone', t => {
  const layers = [layer('a', 600), layer('b', 400), layer('a', 600)]
  t.equal(
    whyNoRoom(layers, store(999), temporary(600)),
    'it is 1.0 kB compressed and needs more space when unpacked, but /store has only 999 B free',
  )
  t.equal(
    whyNoRoom(layers, store(1000), temporary(599)),
    'its largest layer is 600 B, but /tmp has only 599 B free',
  )
  t.equal(whyNoRoom(layers, store(1000), temporary(600)), undefined)
  t.equal(
    whyNoRoom([layer('a', Number.MAX_SAFE_INTEGER)], store(1e15), temporary(1)),
    'it is 9007 TB compressed and needs more space when unpacked, but /store has only 1000 TB free',
  )
  t.equal(whyNoRoom([], store(0), temporary(0)), undefined)
  t.end()
})

t.test('nothing to pull fits everywhere', t => {
  for (const images of [[], [[]]])
    t.strictSame(judgeSpace(images, store(0), temporary(0)), {}, JSON.stringify(images))
  t.end()
})

/** The higher, the worse. */
const rank = ({ refusal, warning }: ReturnType<typeof judgeSpace>) =>
  refusal !== undefined ? 2 : Number(warning !== undefined)

t.test('more room never makes the verdict worse', t => {
  const bytes = fc.nat(10_000)
  const images = fc.array(
    fc.array(fc.record({ digest: fc.constantFrom('a', 'b', 'c', 'd'), bytes })),
  )
  fc.assert(
    fc.property(images, bytes, bytes, bytes, bytes, (layers, free, more, space, extra) => {
      const tight = judgeSpace(layers, store(free), temporary(space))
      const roomy = judgeSpace(layers, store(free + more), temporary(space + extra))
      return rank(roomy) <= rank(tight)
    }),
    { seed },
  )
  t.end()
})

t.test('bytes for people', t => {
  const cases = {
    '0 B': 0,
    '999 B': 999,
    '1.0 kB': 1000,
    '9.9 kB': 9940,
    '10 kB': 10_000,
    '999 kB': 999_499,
    '1.0 MB': 999_500,
    '2.5 GB': 2.5e9,
    '1.5 TB': 1.5e12,
    '12345 TB': 1.2345e16,
  }
  for (const [text, bytes] of Object.entries(cases)) t.equal(formatBytes(bytes), text)
  t.end()
})

t.test('more layers than a call can have arguments', t => {
  const images = [Array.from({ length: 200_000 }, (_each, index) => layer(`${index}`, 1))]
  t.strictSame(judgeSpace(images, store(1e12), temporary(1e12)), {})
  t.end()
})
