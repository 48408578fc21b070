/** Progress of a pull. */
export type PullProgress = 'pulling' | 'retrying' | 'pulled' | 'failed' | 'stopped' | 'unknown'

/** State of a pending unit in systemd, see `LoadedUnit`. */
interface PendingUnitState {
  readonly load: string
  readonly active: string
  readonly hasJob: boolean
  /** Whether an attempt has failed since the unit was started. */
  readonly hasFailedAttempt: boolean
}

/**
 * Derives the progress of a pull from the state of its unit. Between attempts, a unit that will be retried is
 * `activating`, or for a moment `inactive` with a job, in systemd 252 and later. So `failed` and `stopped`
 * are final.
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
