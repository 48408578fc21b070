import { describeProblem, type Fault } from '../text/fault.ts'

/** Something wrong in a configuration file. */
export interface Mistake {
  /** Path on the host, like `/etc/bootc-bound-images.conf`. */
  readonly path: string
  readonly fault: Fault
}

/** All mistakes in the configuration, one on each line. */
export class ConfigurationError extends Error {
  constructor(mistakes: readonly Mistake[]) {
    super(['invalid configuration', ...mistakes.map(describeMistake)].join('\n'))
  }
}

/** A mistake as one line of text. */
export function describeMistake({ path, fault }: Mistake): string {
  return describeProblem({ entry: path, faults: [fault] }).join('')
}
