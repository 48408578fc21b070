import { describeProblem, type Fault, type SpecProblem } from '../text/fault.ts'
import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'

/** Something an image author should know about a spec. */
export interface Finding extends Fault {
  /** An error keeps the deployment from ever being finalized. */
  readonly severity: 'error' | 'warning'
  /** Path below the root of what the finding is about. */
  readonly entry: string
}

/** Where a spec names its image. */
export function placeOf({ entry, file, boundImage: { origin } }: BoundImageSpec) {
  return { entry, ...origin, file: origin.file ?? file }
}

/** Each fault of specs that cannot be used, as an error. */
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

/** A finding as one line. */
export function describeFinding({ severity, entry, ...fault }: Finding): string {
  return `${severity}: ${describeProblem({ entry, faults: [fault] }).join('')}`
}
