import t from 'tap'
import { instancesFor, parseManifest } from '../../lib/plan/manifest.ts'

const [one, two] = ['1', '2'].map(digit => `sha256:${digit.repeat(64)}`)

const entry = (architecture: string, variant?: string, digest = one) => ({
  digest,
  platform: { os: 'linux', architecture, ...(variant !== undefined && { variant }) },
})

t.test('an image of OCI or Docker', t => {
  const text = JSON.stringify({
    schemaVersion: 2,
    config: { digest: two, size: 7 },
    layers: [
      { digest: one, size: 1000, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
      { digest: two, size: 2000 },
      { digest: one, size: 1000 },
    ],
  })
  t.strictSame(parseManifest(text), {
    kind: 'image',
    layers: [
      { digest: one, bytes: 1000 },
      { digest: two, bytes: 2000 },
      { digest: one, bytes: 1000 },
    ],
  })
  t.end()
})

t.test('a list, and those that run on a platform', t => {
  const list = [
    entry('amd64'),
    entry('arm', 'v6'),
    entry('arm', 'v7'),
    entry('unknown'),
    entry('amd64', 'v1', '--help'),
  ]
  const manifest = parseManifest(JSON.stringify({ schemaVersion: 2, manifests: list }))
  const instances = manifest.kind === 'list' ? manifest.instances : []
  const found = (platform: Parameters<typeof instancesFor>[1]) =>
    instancesFor(instances, platform).map(
      ({ architecture, variant = '' }) => architecture + variant,
    )
  t.strictSame(found({ os: 'linux', architecture: 'amd64' }), ['amd64'])
  t.strictSame(found({ os: 'linux', architecture: 'arm' }), ['armv6', 'armv7'])
  t.strictSame(found({ os: 'linux', architecture: 'arm', variant: 'v7' }), ['armv7'])
  t.strictSame(found({ os: 'windows', architecture: 'amd64' }), [])
  t.end()
})

t.test('what is of another kind', t => {
  t.strictSame(parseManifest('{"schemaVersion":1,"fsLayers":[]}'), { kind: 'other' })
  t.strictSame(parseManifest('null'), { kind: 'other' })
  for (const size of [
    '-1',
    '1e999',
    '9007199254740991',
    '1000000000001',
    '1.5',
    '"7"',
    'null',
    '[]',
  ])
    t.strictSame(parseManifest(`{"layers":[{"digest":"${one}","size":${size}}]}`), {
      kind: 'other',
    })
  t.strictSame(parseManifest(`{"layers":[{"digest":"${one}"}]}`), { kind: 'other' })
  t.throws(() => parseManifest('<html>'))
  t.end()
})
