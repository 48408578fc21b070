import { unitStates } from '../host/systemctl.ts'
import { pullProgress, type PullProgress } from '../plan/pull-progress.ts'
import { hasFailedAttempt } from '../state/failed-attempts.ts'

/** The state of a pending unit and the progress of its pull. */
export interface PullState {
  readonly unit: string
  /** See `LoadedUnit`. */
  readonly active: string
  readonly sub: string
  readonly progress: PullProgress
  /** Whether an attempt has failed since the unit was started. */
  readonly hasFailedAttempt: boolean
}

/** Reads the states of pending units, in the order of `units`. */
export async function pullStates(units: readonly string[]): Promise<readonly PullState[]> {
  return (await unitStates(units)).map(state => {
    const { unit, active, sub } = state
    const hasFailed = hasFailedAttempt(unit)
    const progress = pullProgress({ ...state, hasFailedAttempt: hasFailed })
    return { unit, active, sub, progress, hasFailedAttempt: hasFailed }
  })
}
