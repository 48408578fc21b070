import { expand } from './expand.ts'
import { explain, Refusal, type Fault } from '../text/fault.ts'
import type { Specifiers } from './specifiers.ts'
import { splitWords } from './split-words.ts'
import { suggest } from '../text/suggest.ts'
import type { Assignment, UnitFile } from './unit-file.ts'

/** Maximum number of values of one key. Far above any real spec; each pull copies most of them. */
const maxValues = 100

/** Maximum number for one file: they take longer than all else that is read. */
const maxSuggestions = 20

/** Where a value is. `file` is set only if it is not the file itself. */
type Place = Pick<Fault, 'file' | 'line'>

/**
 * Reads the keys of one section as Quadlet does (podman: pkg/systemd/parser/unitfile.go, Lookup, LookupAll
 * and LookupAllArgs) and collects the faults.
 */
export class SectionReader {
  readonly faults: Fault[] = []
  readonly #keys: ReadonlyMap<string, readonly Assignment[]>
  readonly #section: string
  readonly #specifiers: Specifiers

  constructor(unitFile: UnitFile, section: string, specifiers: Specifiers) {
    this.#keys = unitFile.get(section) ?? new Map<string, readonly Assignment[]>()
    this.#section = section
    this.#specifiers = specifiers
  }

  /** The text of a scalar key. The last assignment counts, and an empty one unsets the key. */
  scalar(key: string): string | undefined {
    return this.convert(key, text => (text === '' ? undefined : text))
  }

  /**
   * Like `scalar`, with a conversion that may throw a Refusal. The conversion gets the text, even if it is
   * empty, and the value as written.
   */
  convert<T>(key: string, convert: (text: string, asWritten: string) => T): T | undefined {
    const assignment = this.#keys.get(key)?.at(-1)
    return (
      assignment &&
      this.#attempt(key, assignment, () => convert(this.#literal(assignment), assignment.value))
    )
  }

  /** Stricter than Quadlet, which reads every word it does not know, even `ture`, as false (LookupBoolean). */
  boolean(key: string): boolean | undefined {
    return this.convert(key, text => {
      const word = text.toLowerCase()
      if (['1', 'yes', 'true', 'on'].includes(word)) return true
      if (['0', 'no', 'false', 'off'].includes(word)) return false
      throw new Refusal('not a boolean', 'write true or false')
    })
  }

  /** Converts each value of a list, including quotes. An empty value clears the values before it. */
  all<T>(key: string, convert: (text: string) => T): readonly T[] {
    return this.#each(key, assignment => [convert(expand(oneLine(assignment), this.#specifiers))])
  }

  /** Converts the words of each value of a list. `pick` selects among the words as written. */
  words<T>(
    key: string,
    convert: (words: readonly string[]) => readonly T[],
    pick = (words: readonly string[]) => words,
  ): readonly T[] {
    return this.#each(key, assignment =>
      convert(pick(sameWords(assignment)).map(word => expand(word, this.#specifiers))),
    )
  }

  /** Converts what `pick` finds in each value of a list, as Quadlet reads the value. Nothing else of it is expanded. */
  picked<T>(
    key: string,
    pick: (value: string) => readonly string[],
    convert: (text: string, place: Place) => T,
  ): readonly T[] {
    return this.#each(key, ({ value, file, line }) =>
      pick(value).map(text => convert(expand(text, this.#specifiers), { file, line })),
    )
  }

  /** The values of a list as Quadlet reads them, without expansion. */
  asWritten(key: string): readonly string[] {
    return this.#list(key).map(({ value }) => value)
  }

  /** Checks each value of a list that Quadlet passes to systemd, as one line. */
  checkEach(key: string, check: (value: string) => void): void {
    for (const assignment of this.#list(key))
      this.#attempt(key, assignment, () => check(assignment.value))
  }

  /**
   * Reports each key that Quadlet would refuse.
   *
   * @param matters whether a key that is not known is reported also if it is not similar to one: a newer Quadlet has more
   */
  refuseOtherKeys(
    known: Readonly<Record<string, unknown>>,
    matters: (key: string) => boolean,
  ): void {
    const others = [...this.#keys].filter(([key]) => !Object.hasOwn(known, key))
    for (const [index, [key, [first]]] of others.entries()) {
      const isOneOfFew = index < maxSuggestions
      const meant = isOneOfFew ? suggest(key, Object.keys(known)) : undefined
      if (meant === undefined && isOneOfFew && !matters(key)) continue
      this.faults.push({
        file: first?.file,
        line: first?.line,
        key,
        reason: `unknown key in [${this.#section}]`,
        remedy: `${meant === undefined ? 'remove it' : `did you mean ${meant}=?`}; Quadlet would ignore the whole file`,
      })
    }
  }

  /** The place of the last assignment of a key. */
  placeOf(key: string): Place {
    const assignment = this.#keys.get(key)?.at(-1)
    return { file: assignment?.file, line: assignment?.line }
  }

  refuse(key: string, reason: string, remedy?: string): void {
    this.faults.push({ ...this.placeOf(key), key, reason, remedy })
  }

  #each<T>(key: string, read: (assignment: Assignment) => readonly T[]): readonly T[] {
    const values: T[] = []
    for (const assignment of this.#list(key)) {
      const more = this.#attempt(key, assignment, () => {
        const found = read(assignment)
        if (values.length + found.length > maxValues)
          throw new Refusal(`more than ${maxValues} values`, 'remove those that repeat others')
        return found
      })
      values.push(...(more ?? []))
    }
    return values
  }

  #list(key: string): readonly Assignment[] {
    const all = this.#keys.get(key) ?? []
    return all.slice(all.findLastIndex(({ value }) => value === '') + 1)
  }

  #attempt<T>(key: string, { file, line }: Assignment, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      this.faults.push({ file, line, key, ...explain(error) })
      return undefined
    }
  }

  #literal(assignment: Assignment): string {
    return expand(unquote(oneLine(assignment)), this.#specifiers)
  }
}

function oneLine({ value, systemdValue }: Assignment): string {
  if (value !== systemdValue)
    throw new Refusal('the value spans several lines', 'write it on one line')
  return value
}

/** podman versions remove quotes at the ends in three different ways. All of them remove a single pair. */
function unquote(value: string): string {
  const inner = /^"(.*)"$/su.exec(value)?.[1] ?? value
  if (inner.startsWith('"') || inner.endsWith('"'))
    throw new Refusal('podman versions handle these quotes differently', 'remove them')
  return inner
}

function sameWords({ value, systemdValue }: Assignment): readonly string[] {
  const words = splitWords(value)
  if (value !== systemdValue && words.join('\n') !== splitWords(systemdValue).join('\n'))
    throw new Refusal(
      'a word spans two lines, which Quadlet and systemd join differently',
      'put a blank before the backslash, or the word on one line',
    )
  return words
}
