import type { Fault, SpecProblem } from '../text/fault.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'

/** A mistake or a warning about a root, for the author of an OS image. */
export interface Finding extends Fault {
  /**
   * With an error, some image is not pulled, and the deployment is never finalized. A note says what was not checked.
   */
  readonly severity: 'error' | 'warning' | 'note'
  /**
   * Path, below the root, of the file that the finding is about. Undefined if it is about the machine that checks.
   */
  readonly entry?: string
}

/** The place where a spec names its image. */
export function placeOf({ entry, file, boundImage: { origin } }: BoundImageSpec) {
  return { entry, ...origin, file: origin.file ?? file }
}

/** Turns each fault of an unusable spec into an error. */
export function problemFindings(problems: readonly SpecProblem[]): readonly Finding[] {
  return problems.flatMap(({ entry, file, faults }) =>
    faults.map(fault => ({
      severity: 'error' as const,
      entry,
      ...fault,
      file: fault.file ?? file,
    })),
  )
}
