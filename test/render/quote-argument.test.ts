import t from 'tap'
import { escapeSpecifiers, optionalPath, quoteArgument } from '../../lib/render/quote-argument.ts'

t.test('arguments', t => {
  const cases: readonly [argument: string, expected: string][] = [
    ['/etc/a-b_c.json', '/etc/a-b_c.json'],
    ['', '""'],
    ['a b', '"a b"'],
    ['a%h', 'a%%h'],
    ['$HOME', '$$HOME'],
    ['${X}', '$${X}'],
    ['a\\x25h', '"a\\\\x25h"'],
    ['a"b', '"a\\"b"'],
    ["a'b", '"a\'b"'],
    [';', '";"'],
    ['a\nExecStart=b', '"a\\nExecStart=b"'],
    ['a\tb\x7f', '"a\\x09b\\x7f"'],
    ['a\u0085b', '"a\\u0085b"'],
    ['ä', 'ä'],
    ['a\uffffb', 'a\\xef\\xbf\\xbfb'],
    ['\u{1fffe}', '\\xf0\\x9f\\xbf\\xbe'],
  ]
  for (const [argument, expected] of cases) t.equal(quoteArgument(argument), expected, argument)
  t.throws(() => quoteArgument('a\0'), { message: /NUL/ })
  t.equal(escapeSpecifiers('a%b'), 'a%%b')
  t.end()
})

t.test('paths in a list', t => {
  const cases = {
    '/var/lib/a-b': '-/var/lib/a-b',
    '/a b': '"-/a b"',
    '/a%h$x': '-/a%%h$x',
    '/a"b': '"-/a\\"b"',
    "/a'b": '"-/a\'b"',
    '/a\\b': '"-/a\\\\b"',
  }
  for (const [path, expected] of Object.entries(cases)) t.equal(optionalPath(path), expected, path)
  t.end()
})
