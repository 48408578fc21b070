import t from 'tap'
import { toBoundImage, type SpecKind } from '../../lib/spec/bound-image.ts'
import { parseUnitFile } from '../../lib/spec/unit-file.ts'

type Tap = Pick<typeof t, 'strictSame'>

function read(t: Tap, text: string, kind: SpecKind = 'image') {
  const { unitFile, faults } = parseUnitFile(text)
  t.strictSame(faults, [])
  return toBoundImage(unitFile, kind)
}

t.test('what a spec asks for', t => {
  const cases: readonly [text: string, kind: SpecKind, expected: object][] = [
    ['[Image]\nImage=quay.io/a/b:1', 'image', { image: 'quay.io/a/b:1' }],
    ['[Image]\nImage="quay.io/a/b:1"', 'image', { image: 'quay.io/a/b:1' }],
    ['[Image]\nImage=x\nImage=quay.io/a/b', 'image', { image: 'quay.io/a/b' }],
    ['[Image]\nImage=a\nTLSVerify=no', 'image', { image: 'a', tlsVerify: false }],
    ['[Image]\nImage=a\nTLSVerify=ON', 'image', { image: 'a', tlsVerify: true }],
    ['[Image]\nImage=a\nAuthFile=/etc/a%%b c', 'image', { image: 'a', authFile: '/etc/a%b c' }],
    ['[Image]\nImage=a\nAuthFile=/etc/a\nAuthFile=', 'image', { image: 'a' }],
    ['[Image]\nImage=a\nServiceName=web', 'image', { image: 'a' }],
    ['[Unit]\nAfter=x\n[Image]\nImage=a\n[Install]\nWantedBy=y', 'image', { image: 'a' }],
    ['[Container]\nImage=a\nPublishPort=80:%i\nExec=x \\\n y', 'container', { image: 'a' }],
  ]
  for (const [text, kind, boundImage] of cases)
    t.equal(JSON.stringify(read(t, text, kind).boundImage), JSON.stringify(boundImage), text)
  t.end()
})

t.test('what is refused, with line, key and reason', t => {
  const cases: readonly [text: string, kind: SpecKind, fault: object][] = [
    ['[Image]', 'image', { key: 'Image', reason: /no Image=/ }],
    ['[Container]\nImage=a', 'image', { key: 'Image', reason: /no Image= in \[Image\]/ }],
    ['[Image]\nImage=', 'image', { line: 2, key: 'Image', reason: /not an image reference/ }],
    ['[Image]\nImage=a b', 'image', { line: 2, key: 'Image', reason: /not an image reference/ }],
    ['[Image]\nImage=--all', 'image', { line: 2, key: 'Image', reason: /not an image reference/ }],
    ['[Image]\nImage=a:%w', 'image', { line: 2, key: 'Image', reason: /specifiers \(%w\)/ }],
    ['[Image]\nImage=a%', 'image', { line: 2, key: 'Image', reason: /specifiers \(%\)/ }],
    ['[Image]\nImage=a%%%f', 'image', { line: 2, key: 'Image', reason: /specifiers \(%f\)/ }],
    ['[Image]\nImage=a:$TAG', 'image', { line: 2, key: 'Image', reason: /variables/ }],
    ['[Image]\nImage=a\\\nb', 'image', { line: 2, key: 'Image', reason: /several lines/ }],
    ['[Image]\nImage="a', 'image', { line: 2, key: 'Image', reason: /quotes/ }],
    ["[Image]\nImage='a'", 'image', { line: 2, key: 'Image', reason: /not an image reference/ }],
    [
      '[Image]\nImage=a\nTLSVerify=ture',
      'image',
      { line: 3, key: 'TLSVerify', reason: /not a boolean/ },
    ],
    [
      '[Image]\nImage=a\nTLSVerify=',
      'image',
      { line: 3, key: 'TLSVerify', reason: /not a boolean/ },
    ],
    [
      '[Image]\nImage=a\nAuthFile=etc/a',
      'image',
      { line: 3, key: 'AuthFile', reason: /not an absolute/ },
    ],
    ['[Image]\nImage=a\nArch=arm64', 'image', { line: 3, key: 'Arch', reason: /not supported/ }],
    ['[Image]\nImage=a\nImgae=b', 'image', { line: 3, key: 'Imgae', reason: /not supported/ }],
    [
      '[Container]\nImage=web.image',
      'container',
      { line: 2, key: 'Image', reason: /another unit/ },
    ],
    [
      '[Container]\nImage=web.build',
      'container',
      { line: 2, key: 'Image', reason: /built on the host/ },
    ],
    ['[Container]\nRootfs=/x', 'container', { key: 'Image', reason: /no Image= in \[Container\]/ }],
  ]
  for (const [text, kind, fault] of cases) {
    const { boundImage, faults } = read(t, text, kind)
    t.equal(boundImage, undefined, text)
    t.match(faults, [fault], text)
  }
  t.end()
})

t.test('every fault of a spec is reported', t => {
  const { faults } = read(t, '[Image]\nImage=a b\nTLSVerify=x\nAuthFile=y\nFoo=z')
  t.strictSame(
    new Set(faults.map(({ key }) => key)),
    new Set(['AuthFile', 'Foo', 'Image', 'TLSVerify']),
  )
  t.end()
})
