import { unitStates } from '../host/systemctl.ts'
import { pullProgress, type PullProgress } from '../plan/pull-progress.ts'
import { hasFailedAttempt } from '../state/failed-attempts.ts'

/** How far the pull of a pending unit is. */
export interface PullState {
  readonly unit: string
  /** See `LoadedUnit`. */
  readonly active: string
  readonly sub: string
  readonly progress: PullProgress
  /** Whether an attempt has failed since it was started. */
  readonly hasFailedAttempt: boolean
}

/** The states of pending units, in the order asked for. */
export async function pullStates(units: readonly string[]): Promise<readonly PullState[]> {
  return (await unitStates(units)).map(state => {
    const { unit, active, sub } = state
    const hasFailed = hasFailedAttempt(unit)
    const progress = pullProgress({ ...state, hasFailedAttempt: hasFailed })
    return { unit, active, sub, progress, hasFailedAttempt: hasFailed }
  })
}
