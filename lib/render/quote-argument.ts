/**
 * Writes an argument so that systemd passes it to the program unchanged: it first unquotes and
 * unescapes a command line, then expands `%` specifiers, then `$` variables
 * (systemd.service(5), "Command lines").
 *
 * @throws Error for a NUL, which no argument can hold
 */
export function quoteArgument(argument: string): string {
  if (/^[\w@:./=+,-]+$/u.test(argument)) return argument
  if (argument.includes('\0')) throw new Error('an argument holds a NUL byte')
  const escaped = argument
    .replaceAll(/["\\]/gu, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll(/\p{Cc}/gu, control => {
      // \x stands for a byte, \u for a character.
      const code = control.charCodeAt(0).toString(16)
      if (control === '\n') return String.raw`\n`
      return control < '\u0080'
        ? String.raw`\x${code.padStart(2, '0')}`
        : String.raw`\u${code.padStart(4, '0')}`
    })
    // systemd takes text with these for damaged.
    .replaceAll(/\p{Noncharacter_Code_Point}/gu, character =>
      Buffer.from(character)
        .toString('hex')
        .replaceAll(/../gu, String.raw`\x$&`),
    )
  return argument === '' || /[\s"'\\;\p{Cc}]/u.test(argument) ? `"${escaped}"` : escaped
}

/** Writes a command line for a setting like `ExecStart=`. */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteArgument).join(' ')
}

/** Writes text for a setting that is taken as it stands but for specifiers, like `Description=`. */
export function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%')
}

/** Writes a path for a list of them, like that of `ReadWritePaths=`, where it is ignored if it does not exist. */
export function optionalPath(path: string): string {
  const escaped = escapeSpecifiers(`-${path}`.replaceAll(/["\\]/gu, String.raw`\$&`))
  return /[\s"'\\]/u.test(path) ? `"${escaped}"` : escaped
}
