/** State of a unit as systemd's manager tells it (org.freedesktop.systemd1(5)). */
export interface UnitState {
  readonly unit: string
  /** `loaded`, `not-found`, `masked`, ... */
  readonly load: string
  /** `active`, `activating`, `failed`, `inactive`, ... */
  readonly active: string
  /** `start`, `auto-restart`, `exited`, ... */
  readonly sub: string
  /** A job is queued or running for the unit. */
  readonly hasJob: boolean
  /** Automatic restarts since the unit was last started by hand. */
  readonly restarts: number
  /** The unit's file is newer than what the manager has loaded. */
  readonly isStale: boolean
}

/** Parses the output of `systemctl show` for several units. */
export function parseUnitStates(output: string): readonly UnitState[] {
  return output
    .trim()
    .split(/\n\n+/u)
    .map(block => {
      const values = new Map(
        block.split('\n').map(line => {
          const equals = line.indexOf('=')
          return [line.slice(0, equals), line.slice(equals + 1)] as const
        }),
      )
      const value = (key: string) => values.get(key) ?? ''
      return {
        unit: value('Id'),
        load: value('LoadState'),
        active: value('ActiveState'),
        sub: value('SubState'),
        hasJob: value('Job') !== '',
        restarts: Number(value('NRestarts')),
        isStale: value('NeedDaemonReload') === 'yes',
      }
    })
}
