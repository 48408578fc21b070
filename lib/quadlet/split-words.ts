import { Refusal } from '../text/fault.ts'

/** Values of one-letter escapes (podman: pkg/systemd/parser/split.go, cUnescapeOne). */
const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

const numericEscape = /^(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})/u

/**
 * Splits a value into words as Quadlet splits `PodmanArgs=` and `GlobalArgs=`: white space separates words,
 * quotes group text anywhere in a word, and backslash escapes are those of C. Refuses what systemd would read
 * differently and what Quadlet would drop silently.
 *
 * @throws Refusal
 */
export function splitWords(value: string): readonly string[] {
  const words = splitAnyWords(value)
  for (const each of words) refuseOddWord(each)
  return words
}

/**
 * Like `splitWords`, but also accepts words that only a command must not contain.
 *
 * @throws Refusal
 */
export function splitAnyWords(value: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < value.length;) {
    const character = value.charAt(at)
    if (character === '\\') {
      const { text, length } = unescape(value.slice(at + 1))
      word = (word ?? '') + text
      at += 1 + length
      continue
    }
    at += 1
    if (character === quote) quote = undefined
    else if (quote === undefined && /["']/u.test(character)) {
      quote = character
      word ??= ''
    } else if (quote === undefined && /[ \t\n\r]/u.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (quote !== undefined) throw new Refusal(`unterminated ${quote}`, `add the closing ${quote}`)
  if (word !== undefined) words.push(word)
  return words
}

/** Like `splitAnyWords`, as lenient as Quadlet: a value that it cannot split has no words, and an open quote is closed. */
export function splitLeniently(value: string): readonly string[] {
  for (const end of ['', '"', "'"]) {
    try {
      return splitAnyWords(`${value}${end}`)
    } catch {
      // It ends otherwise, or has an unknown escape.
    }
  }
  return []
}

function unescape(rest: string): { readonly text: string; readonly length: number } {
  const simple = simpleEscapes[rest.charAt(0)]
  if (simple !== undefined) return { text: simple, length: 1 }
  const [all] = numericEscape.exec(rest) ?? []
  if (all === undefined)
    throw new Refusal(
      `unknown escape \\${rest.slice(0, 1)}: Quadlet would drop the whole value`,
      'write \\\\ for a backslash',
    )
  const isOctal = /^[0-7]/u.test(all)
  const code = isOctal ? parseInt(all, 8) : parseInt(all.slice(1), 16)
  // systemd reads an octal or \x escape as a byte, Quadlet as a character.
  if (isOctal || all.startsWith('x') ? code > 0x7f : isInvalidCodePoint(code))
    throw new Refusal(`\\${all} is not one character`, 'write the character itself')
  return { text: String.fromCodePoint(code), length: all.length }
}

function isInvalidCodePoint(code: number): boolean {
  return code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)
}

function refuseOddWord(word: string): void {
  if (word === '')
    throw new Refusal('an empty word: Quadlet drops all words after it', 'remove the empty quotes')
  if (word === ';')
    throw new Refusal('systemd takes a single ; for the start of another command', 'remove it')
  if (/\p{Cc}/u.test(word)) throw new Refusal('a word holds a control character', 'remove it')
}
