import { describeProblem, type Fault } from '../text/fault.ts'

/** Something wrong in a configuration file. */
export interface Mistake {
  /** As the host knows the file, like `/etc/bootc-bound-images.conf`. */
  readonly path: string
  readonly fault: Fault
}

/** Everything that is wrong with the configuration, a line of text each. */
export class ConfigurationError extends Error {
  constructor(mistakes: readonly Mistake[]) {
    super(['the configuration cannot be used', ...mistakes.map(describeMistake)].join('\n'))
  }
}

/** A mistake as one line. */
export function describeMistake({ path, fault }: Mistake): string {
  return describeProblem({ entry: path, faults: [fault] }).join('')
}
