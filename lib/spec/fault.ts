import { printable } from './printable.ts'

/** Something wrong in the text of a spec. `line` counts from 1; a fault of the whole file has none. */
export interface Fault {
  readonly line?: number | undefined
  readonly key?: string | undefined
  /** What is wrong and what to write instead, for people. */
  readonly reason: string
}

/** A bound-image spec that cannot be used. */
export interface SpecProblem {
  /** Path of the entry below the root, like `usr/lib/bootc/bound-images.d/web.image`. */
  readonly entry: string
  /** Path below the root of the file the entry leads to, when there is one. */
  readonly file?: string | undefined
  readonly faults: readonly Fault[]
}

/** One line of text for each fault, each naming entry, file, line and key. */
export function describeProblem({ entry, file, faults }: SpecProblem): string[] {
  return faults.map(({ line, key, reason }) => {
    const where = [
      file === undefined ? entry : `${entry} (${file})`,
      line === undefined ? undefined : `line ${line}`,
      key === undefined ? undefined : `${key}=`,
    ]
    return printable(`${where.filter(part => part !== undefined).join(', ')}: ${reason}`)
  })
}
