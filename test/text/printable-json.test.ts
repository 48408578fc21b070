import t from 'tap'
import { printableJson } from '../../lib/text/printable-json.ts'

t.test('the same value, without what a terminal obeys', t => {
  const value = {
    a: ['\n\u001b[31m', '\u007f\u009b31m\u202e\u2028\u2029\ufffd', 'ä😀\u{e0001}'],
    b: undefined,
    c: null,
  }
  const text = printableJson(value)
  t.match(text, /^\{\n {2}"a": \[\n {4}"\\n\\u001b\[31m",/)
  t.match(text, '"\\u007f\\u009b31m\\u202e\\u2028\\u2029\\ufffd"')
  t.match(text, '"ä😀\\udb40\\udc01"')
  t.notMatch(text, /[^\P{C}\n]|[\u2028\u2029]/u)
  t.strictSame(JSON.parse(text), JSON.parse(JSON.stringify(value)))
  t.end()
})
