import { describeError } from './describe-error.ts'
import { printable } from './printable.ts'

/** Something wrong in a spec. */
export interface Fault {
  /** Path in the deployment, when it is another file than the one the entry leads to. */
  readonly file?: string | undefined
  /** Counts from 1; a fault of the whole file has none. */
  readonly line?: number | undefined
  readonly key?: string | undefined
  /** What is wrong, for people. */
  readonly reason: string
  /** What to write or do instead, for people. */
  readonly remedy?: string | undefined
}

/** A bound-image spec with something wrong in it. */
export interface SpecProblem {
  /** Path of the entry below the root, like `usr/lib/bootc/bound-images.d/web.image`. */
  readonly entry: string
  /** Path in the deployment of the file the entry leads to, when there is one. */
  readonly file?: string | undefined
  readonly faults: readonly Fault[]
}

/** A spec's text that cannot be honoured, thrown where it is found. */
export class Refusal extends Error {
  readonly remedy: string | undefined

  constructor(reason: string, remedy?: string) {
    super(reason)
    this.remedy = remedy
  }
}

/** What an error says, and what a refusal says to do instead. */
export function explain(error: unknown): Pick<Fault, 'reason' | 'remedy'> {
  return {
    reason: describeError(error),
    remedy: error instanceof Refusal ? error.remedy : undefined,
  }
}

/** One line of text for each fault, each naming entry, file, line and key. */
export function describeProblem({ entry, file: entryFile, faults }: SpecProblem): string[] {
  return faults.map(fault => {
    const file = fault.file ?? entryFile
    const where = [
      file === undefined ? entry : `${entry} (${file})`,
      fault.line === undefined ? undefined : `line ${fault.line}`,
      fault.key === undefined ? undefined : `${fault.key}=`,
    ]
    const text = [fault.reason, fault.remedy].filter(part => part !== undefined).join('; ')
    return printable(`${where.filter(part => part !== undefined).join(', ')}: ${text}`)
  })
}
