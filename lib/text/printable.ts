/**
 * Makes text from a spec fit to be shown: what could end a line, move a cursor or hide is written
 * as an escape, so that it cannot forge a log line or a line of a unit file.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\u2028\u2029\ufffd]/gu, character => {
    const code = Number(character.codePointAt(0)).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}
