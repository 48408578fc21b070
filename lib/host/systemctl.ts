// systemctl. Failure policy: every failure is an error with what systemctl said.
import { execa } from 'execa'

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

/** Generous for a manager that is reloading; stopping a pull takes seconds at most. */
const timeout = 120_000

async function systemctl(...args: readonly string[]): Promise<string> {
  const { stdout } = await execa('systemctl', args, { timeout })
  return stdout
}

/** Version of systemd, like 257. */
export async function systemdVersion(): Promise<number> {
  const output = await systemctl('--version')
  const version = Number(/^systemd (\d+)/u.exec(output)?.[1])
  if (Number.isNaN(version)) throw new Error(`systemctl --version printed: ${output}`)
  return version
}

const properties = 'Id,LoadState,ActiveState,SubState,Job,NRestarts,NeedDaemonReload'

/** States of units, in the order asked for. A unit that does not exist is `not-found`. */
export async function unitStates(units: readonly string[]): Promise<readonly UnitState[]> {
  if (units.length === 0) return []
  return parseUnitStates(await systemctl('show', `--property=${properties}`, '--', ...units))
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

/** The value of one property of a unit. */
export function unitProperty(unit: string, property: string): Promise<string> {
  return systemctl('show', `--property=${property}`, '--value', '--', unit)
}

export async function daemonReload(): Promise<void> {
  await systemctl('daemon-reload')
}

/** Starts a unit and what it requires, without waiting for it. */
export async function startUnit(unit: string): Promise<void> {
  await systemctl('start', '--no-block', '--', unit)
}

/** Stops a unit and waits until it has stopped. */
export async function stopUnit(unit: string): Promise<void> {
  await systemctl('stop', '--', unit)
}

/**
 * Stops a unit unless a job for it is queued: that would be cancelled, and with it whoever waits for
 * the job. systemctl fails for that case; it is the one failure that is none.
 */
export async function stopIfIdle(unit: string): Promise<void> {
  const [state] = await unitStates([unit])
  if (state?.active === 'active' && !state.hasJob)
    await execa('systemctl', ['stop', '--job-mode=fail', '--', unit], { timeout, reject: false })
}

/** Forgets that units failed and how often they were tried. */
export async function resetFailed(units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl('reset-failed', '--', ...units)
}
