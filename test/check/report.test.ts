import t from 'tap'
import { formats, type Report } from '../../lib/check/report.ts'

const empty: Report = { specs: [], findings: [], directories: ['/a', '/##[debug]'] }
const note = { severity: 'note', reason: 'no podman' } as const
const images = [
  { image: 'r/a:1', architecture: 'amd64', bytes: 12_345_678, presentBytes: 999 },
  { image: 'r/b:1', architecture: 'x\n', bytes: 0, presentBytes: undefined },
]

t.test('for people', t => {
  t.equal(
    formats.text({ ...empty, findings: [note], registries: images }),
    `bootc-bound-images: note: no podman
IMAGE  ARCHITECTURE  SIZE   ALREADY HERE
r/a:1  amd64         12 MB  999 B
r/b:1  x\\x0a         0 B    -
No bound image in /a, /##[debug].
Bound images: 0, errors: 0, warnings: 0
`,
  )
  t.end()
})

t.test('for programs', t => {
  const boundImage = {
    image: 'r/a@sha256:0',
    name: 'r/a@sha256:0',
    identity: 'private',
    globalOptions: [],
    options: [],
    origin: {},
  }
  const specs = [{ entry: 'usr/a', file: '/usr/b', boundImage }]
  t.strictSame(JSON.parse(formats.json({ ...empty, specs })).images, [
    { entry: 'usr/a', file: '/usr/b', image: 'r/a@sha256:0', name: 'r/a@sha256:0' },
  ])
  t.strictSame(JSON.parse(formats.json({ ...empty, findings: [note], registries: images })), {
    version: 1,
    images: [],
    registries: [images[0], { ...images[1], presentBytes: null }],
    findings: [note],
  })
  t.strictSame(JSON.parse(formats.json(empty)), { version: 1, images: [], findings: [] })
  t.end()
})

t.test('for GitHub, commands alone', t => {
  t.equal(
    formats.github({ ...empty, findings: [note], registries: images }),
    `::notice title=bootc-bound-images::no podman
::notice title=bootc-bound-images::No bound image in /a, /##[debug].
::notice title=bootc-bound-images::Bound images: 0, errors: 0, warnings: 0
`,
  )
  t.end()
})
