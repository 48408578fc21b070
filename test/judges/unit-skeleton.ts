/** A directive of a unit file, or the header of a section. */
export interface Line {
  readonly key: string
  readonly value: string
}

/**
 * The lines of a unit file as systemd tells them apart (src/shared/conf-parser.c, config_parse): carriage
 * returns and NUL end lines too. Continued lines are not joined, so none may be there.
 */
export function linesOf(unit: string): readonly Line[] {
  return unit
    .split(/[\n\r\0]/u)
    .map(line => line.replaceAll(/^[ \t]+|[ \t]+$/gu, ''))
    .filter(line => line !== '' && !/^[#;]/u.test(line))
    .map(line => {
      if (line.endsWith('\\')) throw new Error(`a line that is continued: ${line}`)
      const [, key = line, value = ''] = /^([^=[]+)=(.*)$/su.exec(line) ?? []
      return { key, value }
    })
}
