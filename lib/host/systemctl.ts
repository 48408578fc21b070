// systemctl. Failure policy: every failure is an error with systemctl's message, unless a docstring says otherwise.
import { execa } from 'execa'
import type { MountUnit } from '../facts/store-mounts.ts'
import {
  parseMountUnits,
  parseUnitList,
  parseUnitStates,
  type LoadedUnit,
} from './parse-unit-states.ts'

/** Long enough for a manager that is reloading. Stopping a pull takes only seconds. */
const timeout = 120_000

async function systemctl(...args: readonly string[]): Promise<string> {
  const result = await execa('systemctl', args, { timeout, reject: false })
  // execa can report a timeout for a systemctl that ended while this process was busy.
  if (result instanceof Error && result.exitCode !== 0) throw result
  return result.stdout
}

/** Version of systemd, like 257. */
export async function systemdVersion(): Promise<number> {
  const output = await systemctl('--version')
  const version = Number(/^systemd (\d+)/u.exec(output)?.[1])
  if (Number.isNaN(version)) throw new Error(`systemctl --version printed: ${output}`)
  return version
}

/** Reads the states of units, in the order of `units`. A unit that does not exist is `not-found`. */
export async function unitStates(units: readonly string[]): Promise<readonly LoadedUnit[]> {
  if (units.length === 0) return []
  const list = ['list-units', '--all', '--full', '--output=json', '--', ...units]
  const loaded = new Map(parseUnitList(await systemctl(...list)).map(each => [each.unit, each]))
  // list-units lists only loaded units. show loads a unit, and takes systemd ten times as long.
  const others = units.filter(unit => !loaded.has(unit))
  for (const each of await showUnits(others)) loaded.set(each.unit, each)
  return units.flatMap(unit => loaded.get(unit) ?? [])
}

async function showUnits(units: readonly string[]): Promise<readonly LoadedUnit[]> {
  if (units.length === 0) return []
  const properties = '--property=Id,LoadState,ActiveState,SubState,Job'
  return parseUnitStates(await systemctl('show', properties, '--', ...units))
}

/** Reads the mounts and automounts that systemd has loaded. */
export async function mountUnits(): Promise<readonly MountUnit[]> {
  const properties = '--property=Id,Where,ActiveState,FragmentPath,WantedBy,RequiredBy,After'
  return parseMountUnits(await systemctl('show', '--all', properties, '*.mount', '*.automount'))
}

/** Reads one property of a unit. */
export function unitProperty(unit: string, property: string): Promise<string> {
  return systemctl('show', `--property=${property}`, '--value', '--', unit)
}

export async function daemonReload(): Promise<void> {
  await systemctl('daemon-reload')
}

/** Starts a unit and its dependencies, and does not wait for them. */
export async function startUnit(unit: string): Promise<void> {
  await systemctl('start', '--no-block', '--', unit)
}

/** Starts a unit and its dependencies, and waits until it has started. */
export async function startAndWait(unit: string): Promise<void> {
  await systemctl('start', '--', unit)
}

/** Starts units, and waits until each has started or failed, but no longer than so many milliseconds. */
export async function tryToStart(units: readonly string[], milliseconds: number): Promise<void> {
  await execa('systemctl', ['start', '--', ...units], { timeout: milliseconds, reject: false })
}

/**
 * Starts units at once and waits until they have started. Ignores their dependencies: otherwise the start, even of an
 * active unit, would wait for the start jobs of all units that are ordered before it.
 */
export async function startNow(...units: readonly string[]): Promise<void> {
  await systemctl('start', '--job-mode=ignore-dependencies', '--', ...units)
}

/** Whether the host is shutting down or rebooting. systemd then starts no more units. A failure means no. */
export async function isShuttingDown(): Promise<boolean> {
  const { stdout } = await execa('systemctl', ['is-system-running'], { timeout, reject: false })
  return stdout === 'stopping'
}

/** Stops units, in this order, and waits until all have stopped. */
export async function stopUnits(units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl('stop', '--', ...units)
}

/**
 * Stops a unit unless a job for it is queued: stopping would cancel that job, and fail the clients that wait for it.
 * systemctl fails in that case, so its failures are ignored.
 */
export async function stopIfIdle(unit: string): Promise<void> {
  await execa('systemctl', ['stop', '--job-mode=fail', '--', unit], { timeout, reject: false })
}

/** Resets the failed state of units, and their counters of starts and restarts. */
export async function resetFailed(units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl('reset-failed', '--', ...units)
}

/**
 * Restarts a service as soon as mounts are there that the boot waits for, before the units that are ordered after them.
 * Does not wait for that. Does nothing while an earlier call waits.
 */
export async function restartAfterMounts(
  mounts: readonly string[],
  service: string,
): Promise<void> {
  const late = service.replace('.service', '-late.service')
  const [state] = await unitStates([late])
  if (state?.active === 'activating') return
  const followers = await systemctl('show', '--property=Before', '--value', '--', ...mounts)
  const later = followers.split(/\s+/u).filter(unit => unit !== '' && !mounts.includes(unit))
  const properties = [
    'Type=oneshot',
    'DefaultDependencies=no',
    'Conflicts=shutdown.target',
    `After=${mounts.join(' ')}`,
    `Before=${['shutdown.target', ...later].join(' ')}`,
  ]
  const options = ['--no-block', '--collect', `--unit=${late}`]
  for (const each of properties) options.push(`--property=${each}`)
  await execa('systemd-run', [...options, 'systemctl', 'restart', service], { timeout })
}
