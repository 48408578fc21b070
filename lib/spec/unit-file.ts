import { parse } from 'ini'
import type { Fault } from './fault.ts'

/** One `Key=value` of a unit file: the value as written, trimmed, and the line it starts on. */
export interface Assignment {
  readonly value: string
  readonly line: number
  /** The value spans several lines, which Quadlet and systemd join differently. */
  readonly continued: boolean
}

/** Section -> key -> assignments in file order. */
export type UnitFile = ReadonlyMap<string, ReadonlyMap<string, readonly Assignment[]>>

interface LogicalLine {
  readonly text: string
  readonly line: number
  readonly continued: boolean
}

/**
 * Parses systemd's unit syntax as Quadlet reads it (podman: pkg/systemd/parser/unitfile.go). Where
 * Quadlet and systemd (src/shared/conf-parser.c) read the same text differently, the text is a
 * fault: the staged system must not depend on which of the two is asked.
 *
 * The `ini` package knows neither continuations nor repeated keys, and cuts values at `#` and `;`.
 * So the lines are folded and checked here first and handed to it in a form it reads exactly.
 */
export function parseUnitFile(text: string): {
  readonly unitFile: UnitFile
  readonly faults: readonly Fault[]
} {
  const faults = characterFaults(text)
  if (faults.length > 0) return { unitFile: new Map(), faults }
  const canonical: string[] = []
  let inSection = false
  for (const { text: content, line, continued } of logicalLines(text, faults)) {
    if (content.startsWith('[')) {
      inSection = true
      const name = /^\[([^[\]\p{Cc}"'\\=]+)\]$/u.exec(content)?.[1]
      if (name === undefined || name === '__proto__')
        faults.push({
          line,
          reason: 'this is not a section header; write [Name] alone on its line',
        })
      else canonical.push(`[${quote(name.replaceAll('.', '\\.'))}]`)
      continue
    }
    const equals = content.indexOf('=')
    const key = content.slice(0, equals).trimEnd()
    if (equals < 1 || key === '__proto__')
      faults.push({ line, reason: 'this is neither a section, a comment nor Key=value' })
    else if (!inSection)
      faults.push({ line, key, reason: 'this stands before the first [Section]' })
    else {
      const value = content.slice(equals + 1).trimStart()
      canonical.push(`${quote(`${key}[]`)}=${quote(tag({ value, line, continued }))}`)
    }
  }
  return { unitFile: fromIni(parse(canonical.join('\n'))), faults }
}

/** The assignment that counts for a scalar key: the last one (Quadlet's `Lookup`). */
export function lookup(unitFile: UnitFile, section: string, key: string): Assignment | undefined {
  return unitFile.get(section)?.get(key)?.at(-1)
}

function characterFaults(text: string): Fault[] {
  const unwelcome = [
    [/^\ufeff/u, 'the file starts with a byte order mark; save it without one'],
    [/\0/u, 'the file holds a NUL byte'],
    [/\r(?!\n)/u, 'a carriage return without a line feed; end lines with a line feed'],
  ] as const
  return unwelcome.flatMap(([pattern, reason]) => {
    const index = text.search(pattern)
    return index < 0 ? [] : [{ line: text.slice(0, index).split('\n').length, reason }]
  })
}

/** Drops comments and empty lines and joins continued lines; adds to `faults`. */
function logicalLines(text: string, faults: Fault[]): LogicalLine[] {
  const logical: LogicalLine[] = []
  let pending: LogicalLine | undefined
  for (const [index, physical] of text.replace(/\n$/u, '').split('\n').entries()) {
    const line = index + 1
    const content = physical.replaceAll(/^[ \t]+|[ \t\r]+$/gu, '')
    if (/^[#;]/u.test(content)) continue
    if (content === '') {
      if (pending !== undefined)
        faults.push({ line, reason: 'an empty line inside a continued line; remove it' })
      continue
    }
    faults.push(...edgeFaults(physical, content).map(reason => ({ line, reason })))
    const joined: LogicalLine =
      pending === undefined
        ? { text: content, line, continued: false }
        : { text: `${pending.text} ${content}`, line: pending.line, continued: true }
    pending = content.endsWith('\\') ? { ...joined, text: joined.text.slice(0, -1) } : undefined
    if (pending === undefined) logical.push(joined)
  }
  if (pending !== undefined)
    faults.push({ line: pending.line, reason: 'the file ends inside a continued line' })
  return logical
}

/** What Quadlet and systemd see differently at the two ends of a line. */
function edgeFaults(physical: string, content: string): string[] {
  const reasons: string[] = []
  if (/^[\s\u0085\ufeff]|[\s\u0085\ufeff]$/u.test(content))
    reasons.push('white space other than blank and tab at an end of the line')
  if (content.endsWith('\\\\')) reasons.push('more than one backslash at the end of the line')
  else if (/\\[ \t]+\r?$/u.test(physical))
    reasons.push('white space after the backslash at the end of the line')
  return reasons
}

/** JSON quoting, which `ini` undoes; its regular expressions stop at the two line separators. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** Carries an assignment through `ini` as one string that can never look like a boolean to it. */
function tag({ value, line, continued }: Assignment): string {
  return `${line}${continued ? '+' : '='}${value}`
}

function untag([, text]: [string, unknown]): Assignment {
  const tagged = String(text)
  const end = tagged.search(/[=+]/u)
  return {
    value: tagged.slice(end + 1),
    line: Number(tagged.slice(0, end)),
    continued: tagged[end] === '+',
  }
}

function fromIni(sections: Record<string, unknown>): UnitFile {
  return new Map(
    entries(sections).map(([section, keys]) => [
      section,
      new Map(entries(keys).map(([key, values]) => [key, entries(values).map(untag)])),
    ]),
  )
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
