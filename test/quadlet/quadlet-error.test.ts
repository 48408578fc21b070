import t from 'tap'
import { quadletError } from '../../lib/quadlet/quadlet-error.ts'

// Compared with Quadlet 5.4 and 6.1 on some thousand random files.
t.test('what Quadlet can parse', t => {
  for (const text of [
    '',
    '\n',
    '# comment',
    '[Container]\nImage=a\n',
    '\t[A b]  \n\u00a0A = b\r\n;\n',
    '[A]\nA=b \\\n# comment\n\n  c\n',
    '[A]\nA=b\\\n\n# the value is lost, but there is no error\n',
    '[A]\n\\',
    '\\\n[A]\n',
    '[A]\n[b=c\n[A] x=y\n',
    '[A]\nA=\0\u0085\n',
  ])
    t.equal(quadletError(text), undefined, JSON.stringify(text))
  t.end()
})

t.test('what it cannot', t => {
  const neither = /neither a section/
  const outside = /outside of any section/
  const cases: readonly [text: string, line: number, reason: RegExp][] = [
    ['x', 1, neither],
    ['[A]\n\n=x\n', 3, neither],
    ['[A\n', 1, neither],
    ['[A] x\n', 1, neither],
    ['[A]\u00a0x\n', 1, neither],
    ['[a[b]\n', 1, neither],
    ['[]\n', 1, neither],
    ['[a\u0007]\n', 1, neither],
    ['\ufeff[A]\n', 1, neither],
    ['A=b\n[A]\n', 1, outside],
    ['[A]\n# c\nA\\\n\nb\n', 3, neither],
    ['[A]\nA\\', 2, neither],
  ]
  for (const [text, line, reason] of cases)
    t.match(quadletError(text), { line, reason }, JSON.stringify(text))
  t.end()
})
