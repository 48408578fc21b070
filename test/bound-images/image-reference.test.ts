import t from 'tap'
import { normalizeReference, parseImageReference } from '../../lib/bound-images/image-reference.ts'

const digest = `sha256:${'0'.repeat(64)}`

t.test('references, in parts and in full', t => {
  const cases: readonly [
    text: string,
    domain: string | undefined,
    path: string,
    tag: string | undefined,
    digest: string | undefined,
    full: string,
  ][] = [
    ['quay.io/a/b', 'quay.io', 'a/b', undefined, undefined, 'quay.io/a/b:latest'],
    ['quay.io/a/b:Tag_1.0-x', 'quay.io', 'a/b', 'Tag_1.0-x', undefined, 'quay.io/a/b:Tag_1.0-x'],
    [`quay.io/a@${digest}`, 'quay.io', 'a', undefined, digest, `quay.io/a@${digest}`],
    [`quay.io/a:1@${digest}`, 'quay.io', 'a', '1', digest, `quay.io/a@${digest}`],
    ['localhost/a', 'localhost', 'a', undefined, undefined, 'localhost/a:latest'],
    ['localhost:5000/a', 'localhost:5000', 'a', undefined, undefined, 'localhost:5000/a:latest'],
    ['[::1]:5000/a:1', '[::1]:5000', 'a', '1', undefined, '[::1]:5000/a:1'],
    [
      '127.0.0.1/a__b/c--d.e',
      '127.0.0.1',
      'a__b/c--d.e',
      undefined,
      undefined,
      '127.0.0.1/a__b/c--d.e:latest',
    ],
    ['EXAMPLE.com/a', 'EXAMPLE.com', 'a', undefined, undefined, 'EXAMPLE.com/a:latest'],
    ['docker.io/a:1', 'docker.io', 'a', '1', undefined, 'docker.io/library/a:1'],
    ['docker.io/a/b:1', 'docker.io', 'a/b', '1', undefined, 'docker.io/a/b:1'],
    ['index.docker.io/a:1', 'index.docker.io', 'a', '1', undefined, 'docker.io/library/a:1'],
    ['alpine', undefined, 'alpine', undefined, undefined, 'alpine:latest'],
    ['alpine:3', undefined, 'alpine', '3', undefined, 'alpine:3'],
    ['fedora/httpd', undefined, 'fedora/httpd', undefined, undefined, 'fedora/httpd:latest'],
    [
      `a@sha512:${'f'.repeat(128)}`,
      undefined,
      'a',
      undefined,
      `sha512:${'f'.repeat(128)}`,
      `a@sha512:${'f'.repeat(128)}`,
    ],
  ]
  for (const [text, domain, path, tag, ofDigest, full] of cases) {
    const parsed = parseImageReference(text)
    t.strictSame({ ...parsed }, { domain, path, tag, digest: ofDigest }, text)
    t.equal(normalizeReference(parsed), full, text)
  }
  t.end()
})

t.test('other text', t => {
  const others = [
    '',
    '-a',
    '--all-tags',
    'a b',
    'a\nb',
    'quay.io/A',
    'a:',
    'a:.b',
    `a:${'x'.repeat(129)}`,
    'a@sha256:12',
    `a@sha256:${'0'.repeat(63)}`,
    `a@sha256:${'0'.repeat(65)}`,
    `a@sha256:${'F'.repeat(64)}`,
    `a@md5:${'0'.repeat(32)}`,
    '0'.repeat(64),
    '/a',
    'a/',
    'a//b',
    '../a',
    'docker://quay.io/a',
    'oci-archive:/x.tar',
    'a%b',
    'a$b',
    "a'b",
    'ä',
    'a'.repeat(1025),
    `quay.io/${'a'.repeat(248)}`,
  ]
  for (const text of others)
    t.throws(() => parseImageReference(text), { message: /not an image|at most/ }, text)
  t.equal(parseImageReference(`quay.io/${'a'.repeat(247)}`).path.length, 247, 'the longest name')
  t.end()
})

t.test('what is wrong with it', t => {
  const cases = {
    'quay.io/a b': 'it holds white space',
    'https://quay.io/a': 'it begins with a scheme',
    'quay.io/a/': 'it ends in a slash',
    'quay.io/a:': 'there is no tag after the colon',
    'quay.io/App:1': 'the name holds capital letters',
    App: 'the name holds capital letters',
    'a@sha256:12': 'the digest does not have 64 digits',
    [`a@sha512:${'0'.repeat(64)}`]: 'the digest does not have 128 digits',
    'a@constructor:12': 'the digest is not of sha256, sha384 or sha512',
    'a@md5:12': 'the digest is not of sha256, sha384 or sha512',
    'qu_ay.io:5000/a': 'qu_ay.io:5000 is not the name of a registry',
    [`a${':'.repeat(70_000)}`]: 'it has more than 1024 characters',
    ['0'.repeat(64)]: 'it is the ID of an image, and no registry knows IDs',
  }
  for (const [text, mistake] of Object.entries(cases))
    t.throws(() => parseImageReference(text), { message: `not an image reference: ${mistake}` })
  t.throws(() => parseImageReference('a$b'), { message: /^not an image reference$/ })
  t.end()
})

t.test('a long hostile text is answered at once', t => {
  for (const part of ['a-', 'a.', 'a/', 'a_', '[:'])
    for (const end of ['!', '_', '/', ':', '@'])
      t.throws(() => parseImageReference(`${part.repeat(500)}${end}`), { message: /not an image/ })
  t.end()
})
