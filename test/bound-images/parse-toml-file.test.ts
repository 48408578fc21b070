import t from 'tap'
import { parseTomlFile } from '../../lib/bound-images/parse-toml-file.ts'
import { makeContext } from './make-context.ts'

const context = makeContext(t, {
  'etc/auth.json': '{}',
  'etc/containers/registries.conf': 'unqualified-search-registries = [ "quay.io" ]',
})
const parse = (text: string) => parseTomlFile(text, context)
const digest = `sha256:${'0'.repeat(64)}`

t.test('images, and credentials for all of them', t => {
  const plain = parse(`images = [\n "quay.io/a@${digest}", # one\n 'quay.io/b:1', "short",\n]\n`)
  t.strictSame(plain.faults, [])
  t.strictSame(
    plain.boundImages.map(({ image, options }) => [image, options]),
    [
      [`quay.io/a@${digest}`, []],
      ['quay.io/b:1', []],
      ['quay.io/short:latest', []],
    ],
  )
  const { boundImages, faults } = parse(
    'images = ["quay.io/a:1", "quay.io/b:1"]\nauthfile = "/etc/auth.json"',
  )
  t.strictSame(faults, [])
  for (const { options } of boundImages)
    t.match(options, [{ words: ['--authfile', `${context.root}/etc/auth.json`] }])
  t.equal(boundImages.length, 2)
  t.not(boundImages[0]?.identity, parse('images = ["quay.io/a:1"]').boundImages[0]?.identity)
  t.end()
})

t.test('what is wrong, and what is read all the same', t => {
  const cases: readonly [text: string, images: number, fault: object][] = [
    ['images = ["quay.io/a:1",\n"b" "c"]', 0, { line: 2, reason: /^Invalid TOML[^\n]*$/ }],
    ['', 0, { key: 'images', reason: 'images must be a non-empty list of strings' }],
    ['images = []', 0, { key: 'images', reason: 'images must be a non-empty list of strings' }],
    [
      'images = "quay.io/a:1"',
      0,
      { key: 'images', reason: 'images must be a non-empty list of strings' },
    ],
    [
      'images = ["quay.io/a:1", 5]',
      1,
      { key: 'images', reason: 'images must be a non-empty list of strings' },
    ],
    ['images = ["quay.io/a:1"]\nimage = "b"', 1, { key: 'image', reason: 'unknown key' }],
    ['[x]\nimages = ["quay.io/a:1"]', 0, { key: 'x' }],
    [
      'images = ["quay.io/a:1", "A"]',
      1,
      { key: 'images', reason: 'A: not an image reference', remedy: /write registry/ },
    ],
    ['images = ["quay.io/a:1"]\nauthfile = 5', 0, { key: 'authfile', reason: 'not a path' }],
    [
      'images = ["quay.io/a:1", "quay.io/b:1"]\nauthfile = "auth.json"',
      0,
      { key: 'authfile', reason: /not an absolute path/, remedy: /start it/ },
    ],
    [
      'images = ["oci-archive:/x"]',
      0,
      { key: 'images', reason: /an image from oci-archive: needs a name/ },
    ],
  ]
  for (const [text, images, fault] of cases) {
    const { boundImages, faults } = parse(text)
    t.equal(boundImages.length, images, text)
    t.match(faults[0], fault, text)
  }
  t.equal(parse('images = ["quay.io/a:1", "quay.io/b:1"]\nauthfile = "x"').faults.length, 1)
  t.end()
})

t.test('text that is no specifier, nor quoted', t => {
  t.match(parse('images = ["quay.io/a:%w"]').faults, [{ reason: /not an image reference/ }])
  t.end()
})

t.test('a configuration of registries that cannot be read', t => {
  const broken = makeContext(t, { 'etc/containers/registries.conf': '[' })
  t.match(parseTomlFile('images = ["short"]', broken).faults, [
    {
      key: 'images',
      reason: /^short: \/etc\/containers\/registries\.conf/,
      remedy: 'correct the file',
    },
  ])
  t.end()
})
