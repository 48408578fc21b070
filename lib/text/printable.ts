/**
 * Makes text from a spec safe to print. Escapes each character that could end a line, move the cursor or be
 * invisible, so that the text cannot forge a line of a log or of a unit file.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\u2028\u2029\ufffd]/gu, character => {
    const code = Number(character.codePointAt(0)).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}
