import { describeError } from './describe-error.ts'
import { printable } from './printable.ts'

/** Something wrong in a spec. */
export interface Fault {
  /** Path in the deployment, if it is not the file that the entry leads to. */
  readonly file?: string | undefined
  /** The first line is 1. A fault of the whole file has none. */
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
  /** Path in the deployment of the file that the entry leads to, if there is one. */
  readonly file?: string | undefined
  readonly faults: readonly Fault[]
}

/** Thrown where part of a spec cannot be honoured. */
export class Refusal extends Error {
  readonly remedy: string | undefined

  constructor(reason: string, remedy?: string) {
    super(reason)
    this.remedy = remedy
  }
}

/** The message of an error, and the remedy of a refusal. */
export function explain(error: unknown): Pick<Fault, 'reason' | 'remedy'> {
  return {
    reason: describeError(error),
    remedy: error instanceof Refusal ? error.remedy : undefined,
  }
}

/** One line of text for each fault, with entry, file, line and key. */
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
