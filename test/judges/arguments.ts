import * as fc from 'fast-check'

/** What means something to systemd, to a shell, or to who reads a unit file line by line. */
const pieces = fc.oneof(
  fc.constantFrom(...'%$\\"\'`;#@-:+!=[]{}()<>|&*?~/ \t\n\r\v\f\b'.split('')),
  fc.constantFrom('\u0007', '\u001b', '\u007f', '\u0085', '\u00a0', '\u2028', '\ufeff', '\uffff'),
  fc.constantFrom('%%', '%n', '%h', '%t', '%Z', '$$', '$HOME', '${HOME}', '${', '$1'),
  fc.constantFrom('\\x25', '\\n', '\\\\', '\\;', '\\\n', '" "', "' '", 'true', 'ä', '€', '😀'),
  fc.constantFrom('\n[Service]\n', '\nExecStart=/bin/false\n', '\n# ', '\n; '),
)

/** Any text that can be an argument of a program: no NUL, no half of a surrogate pair. */
export const anyArgument: fc.Arbitrary<string> = fc
  .oneof(
    fc.array(pieces, { maxLength: 8 }).map(parts => parts.join('')),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 6 }).map(p => p.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
  )
  .map(text => text.replaceAll('\0', ''))
