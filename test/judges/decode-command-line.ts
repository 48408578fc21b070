/** Why systemd would not run a command line as one command whose words are known before boot. */
export class Undecodable extends Error {}

// prettier-ignore
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', s: ' ', '\\': '\\', '"': '"', "'": "'",
}

/**
 * Reads the value of an `ExecStart=` as systemd does (src/core/load-fragment.c, config_parse_exec): split
 * in words, unquote, unescape, then expand specifiers, then variables.
 *
 * @param specifiers letter -> text; undefined where only a booted system knows it
 * @throws Undecodable
 */
export function decodeCommandLine(
  line: string,
  specifiers: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return splitWords(line).map(word => expandVariables(expandSpecifiers(word, specifiers)))
}

function splitWords(line: string): readonly string[] {
  // A character, an escape, or the white space between words; quotes and bare semicolons are seen to below.
  const tokens = line.matchAll(
    /(?<blank>[ \t\n\r]+)|\\(?:x(?<hex>[0-9a-fA-F]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8})|(?<octal>[0-7]{3})|(?<simple>[^]))|(?<plain>[^])/gu,
  )
  const words: { text: string; raw: string }[] = []
  let word: { text: string; raw: string } | undefined
  let quote = ''
  for (const { 0: raw, groups = {} } of tokens) {
    const { blank, hex, short, long, octal, simple, plain } = groups
    if (blank !== undefined && quote === '') {
      word = undefined
      continue
    }
    if (word === undefined) words.push((word = { text: '', raw: '' }))
    word.raw += raw
    const code = short ?? long
    const byte = parseInt(hex ?? octal ?? '', hex === undefined ? 8 : 16)
    if (!Number.isNaN(byte)) word.text += String.fromCharCode(byte)
    else if (code !== undefined) word.text += inBytes(String.fromCodePoint(parseInt(code, 16)))
    else if (simple !== undefined) word.text += escapes[simple] ?? inBytes(raw)
    else if (plain === quote) quote = ''
    else if (quote === '' && (plain === '"' || plain === "'")) quote = plain
    else word.text += inBytes(raw)
  }
  if (quote !== '') throw new Undecodable('unbalanced quotes')
  if (words.some(({ raw }) => raw === ';')) throw new Undecodable('two commands')
  return words.map(({ text }) => Buffer.from(text, 'latin1').toString())
}

/** Escapes can name a part of a character, so each byte is one character here. */
function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function expandSpecifiers(
  word: string,
  specifiers: Readonly<Record<string, string | undefined>>,
): string {
  return word.replaceAll(/%([a-zA-Z0-9%])/gu, (all, letter: string) => {
    const value = letter === '%' ? '%' : specifiers[letter]
    if (value === undefined) throw new Undecodable(`specifier ${all}`)
    return value
  })
}

function expandVariables(word: string): string {
  if (/^\$(?!\$)/u.test(word)) throw new Undecodable('a variable is a word')
  return word.replaceAll(/\$\$|\$\{/gu, dollar => {
    if (dollar === '${') throw new Undecodable('a variable')
    return '$'
  })
}
