import t from 'tap'
import { splitWords } from '../../lib/quadlet/split-words.ts'

t.test('words', t => {
  const cases: readonly [value: string, words: readonly string[]][] = [
    ['', []],
    [' \t ', []],
    ['a', ['a']],
    [' a  b\tc ', ['a', 'b', 'c']],
    ['"a b"', ['a b']],
    ["'a b' c", ['a b', 'c']],
    ['--x="a b"c', ['--x=a bc']],
    [`"it's" 'a "b"'`, ["it's", 'a "b"']],
    [String.raw`a\sb`, ['a b']],
    [String.raw`\x41\x62 \u00e9 \U0001f600 \101`, ['Ab', 'é', '😀', 'A']],
    [String.raw`\x25h`, ['%h']],
    [String.raw`\\ \" \'`, ['\\', '"', "'"]],
    [String.raw`"\"a\"" '\'b\''`, ['"a"', "'b'"]],
    ['é😀\u00a0x', ['é😀\u00a0x']],
    ['a;b ;c d;', ['a;b', ';c', 'd;']],
  ]
  for (const [value, words] of cases) t.strictSame(splitWords(value), words, value)
  t.end()
})

t.test('what Quadlet drops, or systemd reads in another way', t => {
  const cases: readonly [value: string, reason: RegExp][] = [
    ['"a', /unterminated "/],
    ["a 'b", /unterminated '/],
    ['""', /an empty word/],
    ["a '' b", /an empty word/],
    [';', /a single ;/],
    ['a ";"', /a single ;/],
    [String.raw`\x3b`, /a single ;/],
    ['\\', /unknown escape \\:/],
    [String.raw`a\q`, /unknown escape \\q:/],
    [String.raw`\x4`, /unknown escape \\x:/],
    [String.raw`\x4g`, /unknown escape \\x:/],
    [String.raw`\08`, /unknown escape \\0:/],
    [String.raw`\xe9`, /\\xe9 is not one character/],
    [String.raw`\377`, /\\377 is not one character/],
    [String.raw`\ud83d`, /\\ud83d is not one character/],
    [String.raw`\U00110000`, /\\U00110000 is not one character/],
    [String.raw`a\nb`, /control character/],
    [String.raw`\a \b \f \r \t \v`, /control character/],
    [String.raw`\x00`, /control character/],
    [String.raw`\u0085`, /control character/],
    ['"a\tb"', /control character/],
  ]
  for (const [value, message] of cases) t.throws(() => splitWords(value), { message }, value)
  t.end()
})
