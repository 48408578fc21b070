import { describeProblem, type Fault, type SpecProblem } from '../text/fault.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'

/** A mistake or a warning about a spec, for the author of an OS image. */
export interface Finding extends Fault {
  /** With an error, the deployment is never finalized. */
  readonly severity: 'error' | 'warning'
  /** Path, below the root, of the file that the finding is about. */
  readonly entry: string
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

/** Formats a finding as one line. */
export function describeFinding({ severity, entry, ...fault }: Finding): string {
  return `${severity}: ${describeProblem({ entry, faults: [fault] }).join('')}`
}
