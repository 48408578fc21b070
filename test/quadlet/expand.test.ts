import t from 'tap'
import { expand } from '../../lib/quadlet/expand.ts'

const specifiers = (letter: string) => `<${letter}>`

t.test('as systemd expands a word', t => {
  const cases: readonly [word: string, expanded: string][] = [
    ['a', 'a'],
    ['%w', '<w>'],
    ['a%wb%i', 'a<w>b<i>'],
    ['%%w', '%w'],
    ['%%%w', '%<w>'],
    ['%9', '<9>'],
    ['a%', 'a%'],
    ['%-%/% %ä', '%-%/% %ä'],
    ['$$', '$'],
    ['$$HOME', '$HOME'],
    ['a$b', 'a$b'],
    ['a$', 'a$'],
    ['a$$b$$$$', 'a$b$$'],
    ['$${X}', '${X}'],
    ['a$$$${X}', 'a$${X}'],
    ['a{X}', 'a{X}'],
  ]
  for (const [word, expanded] of cases) t.equal(expand(word, specifiers), expanded, word)
  t.end()
})

t.test('variables are refused', t => {
  for (const word of ['$X', '$', '${X}', 'a${X}', 'a${', '$$${X}', 'a$$${X}b', '$1', '$-'])
    t.throws(() => expand(word, specifiers), { message: /variables/ }, word)
  t.throws(() => expand('%x', () => '$X'), { message: /variables/ }, 'also those of a specifier')
  t.end()
})

t.test('the text of a variable is not shown, it may be part of a password', t => {
  for (const word of ['me:secret${word', '$secret', 'a${secret}'])
    try {
      t.fail(expand(word, specifiers))
    } catch (error) {
      t.notMatch(String(error), /secret/, word)
    }
  t.end()
})
