/**
 * Quotes an argument so that systemd passes it to the program unchanged. systemd first unquotes and unescapes
 * a command line, then expands `%` specifiers, then `$` variables (systemd.service(5), "Command lines").
 *
 * @throws Error for a NUL byte, which no argument can contain
 */
export function quoteArgument(argument: string): string {
  if (/^[\w@:./=+,-]+$/u.test(argument)) return argument
  if (argument.includes('\0')) throw new Error('an argument holds a NUL byte')
  const escaped = argument
    .replaceAll(/["\\]/gu, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll(/\p{Cc}/gu, control => {
      // \x is a byte, \u is a character.
      const code = control.charCodeAt(0).toString(16)
      if (control === '\n') return String.raw`\n`
      return control < '\u0080'
        ? String.raw`\x${code.padStart(2, '0')}`
        : String.raw`\u${code.padStart(4, '0')}`
    })
    // systemd rejects text with noncharacters.
    .replaceAll(/\p{Noncharacter_Code_Point}/gu, character =>
      Buffer.from(character)
        .toString('hex')
        .replaceAll(/../gu, String.raw`\x$&`),
    )
  return argument === '' || /[\s"'\\;\p{Cc}]/u.test(argument) ? `"${escaped}"` : escaped
}

/** Quotes a command line for a setting like `ExecStart=`. */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteArgument).join(' ')
}

/** Escapes text for a setting in which systemd expands only specifiers, like `Description=`. */
export function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%')
}

/** Quotes a path for a list like `ReadWritePaths=`, where systemd ignores it if it does not exist. */
export function optionalPath(path: string): string {
  const escaped = escapeSpecifiers(`-${path}`.replaceAll(/["\\]/gu, String.raw`\$&`))
  return /[\s"'\\]/u.test(path) ? `"${escaped}"` : escaped
}
