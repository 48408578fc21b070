import t from 'tap'
import { describeProblem } from '../../lib/text/fault.ts'
import { printable } from '../../lib/text/printable.ts'

t.test('a line for each fault, with all that is known', t => {
  const entry = 'usr/lib/bootc/bound-images.d/web.image'
  const lines = describeProblem({
    entry,
    file: '/x/web.image',
    faults: [
      { reason: 'this is a directory' },
      { line: 3, key: 'Arch', reason: 'no', remedy: 'write yes' },
      { file: '/x/web.image.d/a.conf', line: 1, reason: 'no' },
      { key: 'images', reason: 'a\nb' },
    ],
  })
  t.strictSame(lines, [
    `${entry} (/x/web.image): this is a directory`,
    `${entry} (/x/web.image), line 3, Arch=: no; write yes`,
    `${entry} (/x/web.image.d/a.conf), line 1: no`,
    `${entry} (/x/web.image), images=: a\\x0ab`,
  ])
  t.strictSame(describeProblem({ entry, faults: [{ reason: 'no' }] }), [`${entry}: no`])
  t.end()
})

t.test('what could forge a message becomes visible', t => {
  const cases: readonly [text: string, shown: string][] = [
    ['aä😀 "%$\\', 'aä😀 "%$\\'],
    ['a\nb\r\t\0', 'a\\x0ab\\x0d\\x09\\x00'],
    ['\u001b[2J\u007f\u0085', '\\x1b[2J\\x7f\\x85'],
    ['a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['\u202e\u200b\ufeff\ufffd', '\\u{202e}\\u{200b}\\u{feff}\\u{fffd}'],
    ['\ud800', '\\u{d800}'],
  ]
  for (const [text, shown] of cases) t.equal(printable(text), shown)
  t.end()
})
