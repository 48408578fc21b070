import t from 'tap'
import { mergeDropIn, parseUnitFile } from '../../lib/quadlet/unit-file.ts'

type Tap = Pick<typeof t, 'strictSame'>

/** A unit file as plain data: section -> key -> values. */
function parsed(t: Tap, text: string) {
  const { unitFile, faults } = parseUnitFile(text)
  t.strictSame(faults, [])
  return Object.fromEntries(
    [...unitFile].map(([section, keys]) => [
      section,
      Object.fromEntries([...keys].map(([key, values]) => [key, values.map(({ value }) => value)])),
    ]),
  )
}

t.test('text that Quadlet and systemd read alike', t => {
  const cases: readonly [what: string, text: string, expected: object][] = [
    ['empty file', '', {}],
    [
      'comments and empty lines',
      '# a\n\n; b\n  # c\n[Image]\nImage=a\n',
      { Image: { Image: ['a'] } },
    ],
    [
      'white space around = and line',
      ' [Image] \n\tImage \t= a b  \n',
      { Image: { Image: ['a b'] } },
    ],
    ['CRLF', '[Image]\r\nImage=a\r\n', { Image: { Image: ['a'] } }],
    ['no final newline', '[Image]\nImage=a', { Image: { Image: ['a'] } }],
    ['# and ; inside a value', '[I]\nA=p#s;t # no comment', { I: { A: ['p#s;t # no comment'] } }],
    ['= inside a value', '[I]\nA=b=c', { I: { A: ['b=c'] } }],
    ['quotes stay', '[I]\nA="b"\nB=\'c\'', { I: { A: ['"b"'], B: ["'c'"] } }],
    [
      'words ini would convert',
      '[I]\nA=true\nB=null\nC=123',
      { I: { A: ['true'], B: ['null'], C: ['123'] } },
    ],
    ['backslashes inside', String.raw`[I]${'\n'}A=a\\b\x20`, { I: { A: [String.raw`a\\b\x20`] } }],
    ['repeated keys in order, empty too', '[I]\nA=1\nA=\nA=2', { I: { A: ['1', '', '2'] } }],
    ['a section twice', '[I]\nA=1\n[J]\nA=x\n[I]\nA=2', { I: { A: ['1', '2'] }, J: { A: ['x'] } }],
    ['dots in names', '[X.Y]\nA.B=1\n[X]\nY=2', { X: { Y: ['2'] }, 'X.Y': { 'A.B': ['1'] } }],
    ['brackets in keys', '[I]\nA[]=1\nA=2', { I: { 'A[]': ['1'], A: ['2'] } }],
    [
      'keys of objects',
      '[I]\nconstructor=1\nhasOwnProperty=2',
      { I: { constructor: ['1'], hasOwnProperty: ['2'] } },
    ],
    ['line separators inside', '[I]\nA=a\u2028b', { I: { A: ['a\u2028b'] } }],
    ['continuation', '[I]\nA=a \\\n  b \\\n# c\n  d\nB=1', { I: { A: ['a b d'], B: ['1'] } }],
    ['a header swallowed by a continuation', '[I]\nA=a\\\n[J]', { I: { A: ['a[J]'] } }],
    ['a value that starts on the next line', '[I]\nA=\\\n b', { I: { A: ['b'] } }],
    ['CRLF in a continuation', '[I]\r\nA=a \\\r\nb\r\n', { I: { A: ['a b'] } }],
    ['__proto__ as a value', '[I]\nA=__proto__', { I: { A: ['__proto__'] } }],
  ]
  for (const [what, text, expected] of cases)
    t.equal(JSON.stringify(parsed(t, text)), JSON.stringify(expected), what)
  t.end()
})

t.test('text that is refused', t => {
  const cases: readonly [what: string, text: string, line: number, reason: RegExp][] = [
    ['byte order mark', '\ufeff[Image]\nImage=a', 1, /byte order mark/],
    ['NUL', '[Image]\nImage=a\0b', 2, /NUL/],
    ['lone carriage return', '[Image]\nImage=a\rb', 2, /carriage return/],
    ['key before a section', 'Image=a\n[Image]', 1, /outside of any section/],
    ['no =', '[Image]\nImage', 2, /neither/],
    ['empty key', '[Image]\n=a', 2, /neither/],
    ['open header', '[Image\nImage=a', 1, /not a section header/],
    ['text after a header', '[Image] x\nImage=a', 1, /not a section header/],
    ['header that is a key to Quadlet', '[Foo=bar\n', 1, /not a section header/],
    ['__proto__ section', '[__proto__]\nA=b', 1, /not a section header/],
    ['__proto__ key', '[I]\n__proto__=b', 2, /neither/],
    ['no-break space at the end', '[I]\nA=b\u00a0', 2, /white space other/],
    ['even backslashes at the end', '[I]\nA=b\\\\\nc', 2, /more than one backslash/],
    ['blank after the backslash', '[I]\nA=b\\ \nc', 2, /after the backslash/],
    ['empty line in a continuation', '[I]\nA=b\\\n\nc', 3, /empty line/],
    ['continuation at the end', '[I]\nA=b\\\n', 2, /ends inside/],
    ['only a comment after the backslash', '[I]\nA=b\\\n# c\n', 2, /ends inside/],
    ['a key on two lines', '[I]\nA\\\nB=c', 2, /neither/],
    ['a header on two lines', '[I\\\nJ]', 1, /not a section header/],
    ['quotes in a header', '["I"]', 1, /not a section header/],
    ['backslash in a header', '[I\\J]', 1, /not a section header/],
    ['no-break space before a key', '[I]\n\u00a0A=b', 2, /white space other/],
    ['form feed after the =', '[I]\nA=\fb', 2, /white space other/],
  ]
  for (const [what, text, line, reason] of cases)
    t.match(parseUnitFile(text).faults, [{ line, reason }], what)
  t.end()
})

t.test('every fault of a file is reported', t => {
  const { faults } = parseUnitFile('A=1\n[I\nB\n[J]\nC')
  t.strictSame(
    faults.map(({ line }) => line),
    [1, 2, 3, 5],
  )
  t.end()
})

t.test('continued lines, as Quadlet and as systemd join them', t => {
  const cases: readonly [text: string, value: string, systemdValue: string][] = [
    ['A=a\\\nb', 'ab', 'a b'],
    ['A=a \\\n\tb', 'a b', 'a  \tb'],
    ['A=a\\\n# c\\\nb', 'ab', 'a b'],
    ['A=--x\\\n  --y=1,2\\\n--z', '--x--y=1,2--z', '--x   --y=1,2 --z'],
    ['A=\\\na', 'a', 'a'],
    ['A=a', 'a', 'a'],
  ]
  for (const [text, value, systemdValue] of cases)
    t.strictSame(
      parseUnitFile(`[I]\n${text}`).unitFile.get('I')?.get('A'),
      [{ value, systemdValue, line: 2 }],
      text,
    )
  t.end()
})

t.test('an assignment knows the line where it starts', t => {
  const { unitFile } = parseUnitFile('[I]\nA=1\n\n# c\nA=2\\\n3\nA=4')
  t.strictSame(
    unitFile
      .get('I')
      ?.get('A')
      ?.map(({ line }) => line),
    [2, 5, 7],
  )
  t.end()
})

t.test('a drop-in is appended, and known by its path', t => {
  const base = parseUnitFile('[I]\nA=1\nB=1\n[J]\nA=1').unitFile
  const dropIn = parseUnitFile('[I]\nA=2\nC=2\n[K]\nA=2').unitFile
  const merged = mergeDropIn(base, dropIn, '/d/x.conf')
  const found = [...merged].map(([section, keys]) => [
    section,
    ...[...keys].map(([key, all]) => [key, ...all.map(({ value, file }) => [value, file])]),
  ])
  t.strictSame(found, [
    [
      'I',
      ['A', ['1', undefined], ['2', '/d/x.conf']],
      ['B', ['1', undefined]],
      ['C', ['2', '/d/x.conf']],
    ],
    ['J', ['A', ['1', undefined]]],
    ['K', ['A', ['2', '/d/x.conf']]],
  ])
  t.equal(base.get('I')?.get('A')?.length, 1, 'and the base stays as it was')
  t.end()
})

t.test('a hostile text ends before the time limit of a test', t => {
  const blanks = ' \t'.repeat(32_000)
  const lines = `[A]\na=${'x\\\n'.repeat(20_000)}x`
  for (const text of [
    lines,
    `${blanks}x`,
    `[A]\na=${blanks}x`,
    `[A]\na${blanks}x`,
    '\\'.repeat(64_000),
  ])
    t.match(parseUnitFile(text), {})
  t.end()
})

t.test('a code point that is no character', t => {
  t.match(parseUnitFile('[Image]\n# \uffff').faults, [{ line: 2, reason: /noncharacter/ }])
  t.end()
})
