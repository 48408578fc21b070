/** How far a pull is, told from the state of its pending unit. */
export type PullProgress = 'pulling' | 'retrying' | 'pulled' | 'failed' | 'stopped' | 'unknown'

/** What systemd says of a pending unit, see `LoadedUnit`. */
interface PendingUnitState {
  readonly load: string
  readonly active: string
  readonly hasJob: boolean
  /** Whether an attempt has failed since it was started. */
  readonly hasFailedAttempt: boolean
}

/**
 * Reads a pull's progress from its unit's state. A unit that will be tried again is `activating` between
 * its tries, or for a moment `inactive` with a job, on every systemd from 252 on; so `failed` and
 * `stopped` are final.
 */
export function pullProgress({
  load,
  active,
  hasJob,
  hasFailedAttempt,
}: PendingUnitState): PullProgress {
  if (active === 'active') return 'pulled'
  if (hasJob || active === 'activating' || active === 'deactivating')
    return hasFailedAttempt ? 'retrying' : 'pulling'
  if (active === 'failed') return 'failed'
  return load === 'loaded' ? 'stopped' : 'unknown'
}
