/**
 * Makes text from a spec fit to be shown: what could end a line, move a cursor or hide is written
 * as an escape, so that it cannot forge a log line or a line of a unit file.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\u2028\u2029\ufffd]/gu, character => {
    const code = character.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
