import { parse } from 'ini'
import type { Fault } from '../text/fault.ts'

/** One `Key=value` of a unit file. */
export interface Assignment {
  /** The value as Quadlet reads it, trimmed. Continued lines are joined without a space. */
  readonly value: string
  /** The value as systemd reads it. Continued lines are joined with a space. */
  readonly systemdValue: string
  /** Line where the assignment starts. The first line is 1. */
  readonly line: number
  /** Path of the drop-in that contains it. Undefined for the file itself. */
  readonly file?: string | undefined
}

/** Section -> key -> assignments in order. */
export type UnitFile = ReadonlyMap<string, ReadonlyMap<string, readonly Assignment[]>>

interface LogicalLine {
  readonly text: string
  readonly systemdText: string
  readonly line: number
}

/**
 * Parses systemd's unit syntax as Quadlet reads it (podman: pkg/systemd/parser/unitfile.go). Text that
 * Quadlet and systemd (src/shared/conf-parser.c) read differently is a fault: the staged system must not
 * depend on which of the two reads it. Continued lines are the exception. An assignment holds both readings,
 * because both usually have the same words.
 *
 * The `ini` package supports neither continued lines nor repeated keys, and cuts values at `#` and `;`. So
 * this function first joins and checks the lines, and then passes them to `ini` in a form that it reads
 * exactly.
 */
export function parseUnitFile(text: string): {
  readonly unitFile: UnitFile
  readonly faults: readonly Fault[]
} {
  const faults = characterFaults(text)
  if (faults.length > 0) return { unitFile: new Map(), faults }
  const canonical: string[] = []
  let inSection = false
  for (const { text: content, systemdText, line } of logicalLines(text, faults)) {
    if (content.startsWith('[')) {
      inSection = true
      const name = /^\[([^[\]\p{Cc}"'\\=]+)\]$/u.exec(content)?.[1]
      if (name === undefined || name === '__proto__' || content !== systemdText)
        faults.push({
          line,
          reason: 'this is not a section header',
          remedy: 'write [Name] alone on its line',
        })
      else canonical.push(`[${quote(name.replaceAll('.', '\\.'))}]`)
      continue
    }
    const [key, value] = splitAssignment(content)
    const [systemdKey, systemdValue] = splitAssignment(systemdText)
    if (key === '' || key === '__proto__' || key !== systemdKey || hasOddEnd(key))
      faults.push({
        line,
        reason: 'this is neither a section, a comment nor Key=value',
        remedy: 'start a comment with #, and keep a key on one line',
      })
    else if (!inSection)
      faults.push({
        line,
        key,
        reason: 'assignment outside of any section',
        remedy: 'put it below a section header',
      })
    else if (hasOddEnd(value)) faults.push({ line, key, ...oddWhiteSpace })
    else canonical.push(`${quote(`${key}[]`)}=${quote(pack({ value, systemdValue, line }))}`)
  }
  return { unitFile: fromIni(parse(canonical.join('\n'))), faults }
}

/** Appends the assignments of a drop-in, as Quadlet does (unitfile.go, Merge). */
export function mergeDropIn(unitFile: UnitFile, dropIn: UnitFile, file: string): UnitFile {
  const merged = new Map([...unitFile].map(([section, keys]) => [section, new Map(keys)]))
  for (const [section, keys] of dropIn) {
    const target = merged.get(section) ?? new Map<string, readonly Assignment[]>()
    merged.set(section, target)
    for (const [key, assignments] of keys)
      target.set(key, [
        ...(target.get(key) ?? []),
        ...assignments.map(assignment => ({ ...assignment, file })),
      ])
  }
  return merged
}

function characterFaults(text: string): Fault[] {
  // Fast path for nearly all files.
  if (/^[\n\t -~]*$/u.test(text)) return []
  const unwelcome = [
    [/^\ufeff/u, 'the file starts with a byte order mark', 'save it without one'],
    [/\0/u, 'the file holds a NUL byte', 'save it as text'],
    [
      /\p{Noncharacter_Code_Point}/u,
      'the file contains a noncharacter code point: systemd rejects the unit that Quadlet generates',
      'remove it',
    ],
    [/\r(?!\n)/u, 'a carriage return without a line feed', 'end lines with a line feed'],
  ] as const
  return unwelcome.flatMap(([pattern, reason, remedy]) => {
    const index = text.search(pattern)
    return index < 0 ? [] : [{ line: text.slice(0, index).split('\n').length, reason, remedy }]
  })
}

const oddWhiteSpace = {
  reason: 'white space other than blank and tab',
  remedy: 'remove it: Quadlet and systemd trim it differently',
}

/** Drops comments and empty lines and joins continued lines; adds to `faults`. */
function logicalLines(text: string, faults: Fault[]): LogicalLine[] {
  const logical: LogicalLine[] = []
  let pending:
    { readonly text: string[]; readonly systemdText: string[]; readonly line: number } | undefined
  for (const [index, physical] of text.replace(/\n$/u, '').split('\n').entries()) {
    const line = index + 1
    const content = trimBlanks(physical)
    if (/^[#;]/u.test(content)) continue
    if (content === '') {
      if (pending !== undefined)
        faults.push({
          line,
          reason: 'an empty line inside a continued line',
          remedy: 'remove it',
        })
      continue
    }
    faults.push(...edgeFaults(physical, content).map(fault => ({ line, ...fault })))
    pending ??= { text: [], systemdText: [], line }
    const systemdContent = physical.replace(/\r$/u, '')
    if (content.endsWith('\\')) {
      // Quadlet drops the backslash, systemd replaces it with a space.
      pending.text.push(content.slice(0, -1))
      pending.systemdText.push(`${systemdContent.slice(0, -1)} `)
      continue
    }
    logical.push({
      text: [...pending.text, content].join(''),
      systemdText: trimBlanks([...pending.systemdText, systemdContent].join('')),
      line: pending.line,
    })
    pending = undefined
  }
  if (pending !== undefined)
    faults.push({
      line: pending.line,
      reason: 'the file ends inside a continued line',
      remedy: 'remove the last backslash',
    })
  return logical
}

/** Faults at the ends of a line, where Quadlet and systemd read it differently. */
function edgeFaults(physical: string, content: string): Omit<Fault, 'line'>[] {
  const faults: Omit<Fault, 'line'>[] = []
  if (hasOddEnd(content)) faults.push(oddWhiteSpace)
  if (content.endsWith('\\\\'))
    faults.push({
      reason: 'more than one backslash at the end of the line',
      remedy: 'write one to continue the line, or none',
    })
  else if (/\\[ \t]+\r?$/u.test(physical))
    faults.push({
      reason: 'white space after the backslash at the end of the line',
      remedy: 'remove it',
    })
  return faults
}

function splitAssignment(content: string): readonly [key: string, value: string] {
  const equals = content.indexOf('=')
  if (equals < 0) return ['', '']
  return [trimBlanks(content.slice(0, equals)), trimBlanks(content.slice(equals + 1))]
}

/** Trims blanks without a regular expression, whose time would grow with the square of their number. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && ' \t'.includes(text.charAt(start))) start++
  while (end > start && ' \t\r'.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** Whether the trimmed text has white space at its ends that only one of the two programs trims. */
function hasOddEnd(text: string): boolean {
  return /^[\s\u0085\ufeff]|[\s\u0085\ufeff]$/u.test(text)
}

/**
 * Quotes text as JSON, which `ini` unquotes. Escapes the two line separators, where the regular expressions
 * of `ini` stop.
 */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** Packs an assignment into one string for `ini`, which never looks like a boolean. */
function pack({ value, systemdValue, line }: Assignment): string {
  return `${line},${value.length}=${value}${systemdValue}`
}

function unpack([, packed]: [string, unknown]): Assignment {
  const text = String(packed)
  const start = text.indexOf('=') + 1
  const [line, length] = text.slice(0, start - 1).split(',')
  const end = start + Number(length)
  return { value: text.slice(start, end), systemdValue: text.slice(end), line: Number(line) }
}

function fromIni(sections: Record<string, unknown>): UnitFile {
  return new Map(
    entries(sections).map(([section, keys]) => [
      section,
      new Map(entries(keys).map(([key, values]) => [key, entries(values).map(unpack)])),
    ]),
  )
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
