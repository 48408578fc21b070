import t from 'tap'
import { isImageReference } from '../../lib/spec/image-reference.ts'

const digest = `sha256:${'0'.repeat(64)}`

t.test('references', t => {
  const references = [
    'a',
    'alpine:3',
    'quay.io/a/b',
    'quay.io/a/b:Tag_1.0-x',
    `quay.io/a/b@${digest}`,
    `quay.io/a/b:1@${digest}`,
    'localhost/a',
    '127.0.0.1:5000/a__b/c--d.e:1',
    '[::1]:5000/a',
    'EXAMPLE.com/a',
  ]
  for (const text of references) t.ok(isImageReference(text), text)
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
  ]
  for (const text of others) t.notOk(isImageReference(text), text)
  t.end()
})

t.test('a long hostile text is answered at once', t => {
  t.notOk(isImageReference(`${'a-'.repeat(500)}!`))
  t.notOk(isImageReference(`${'a.'.repeat(500)}_`))
  t.end()
})
