// systemctl. Failure policy: every failure is an error with what systemctl said.
import { execa } from 'execa'
import { parseUnitList, parseUnitStates, type LoadedUnit } from './parse-unit-states.ts'

/** Generous for a manager that is reloading; stopping a pull takes seconds at most. */
const timeout = 120_000

async function systemctl(...args: readonly string[]): Promise<string> {
  const result = await execa('systemctl', args, { timeout, reject: false })
  // One that ended while this process was busy can count as timed out.
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

/** States of units, in the order asked for. A unit that does not exist is `not-found`. */
export async function unitStates(units: readonly string[]): Promise<readonly LoadedUnit[]> {
  if (units.length === 0) return []
  const list = ['list-units', '--all', '--full', '--output=json', '--', ...units]
  const loaded = new Map(parseUnitList(await systemctl(...list)).map(each => [each.unit, each]))
  // Only what is loaded is listed. To show a unit loads it, and takes systemd ten times as long.
  const others = units.filter(unit => !loaded.has(unit))
  for (const each of await showUnits(others)) loaded.set(each.unit, each)
  return units.flatMap(unit => loaded.get(unit) ?? [])
}

async function showUnits(units: readonly string[]): Promise<readonly LoadedUnit[]> {
  if (units.length === 0) return []
  const properties = '--property=Id,LoadState,ActiveState,SubState,Job'
  return parseUnitStates(await systemctl('show', properties, '--', ...units))
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

/**
 * Starts a unit at once and waits until it has started. Its order is ignored: even for a unit that is active, a
 * start would wait for every start of a unit that is to come before it.
 */
export async function startNow(unit: string): Promise<void> {
  await systemctl('start', '--job-mode=ignore-dependencies', '--', unit)
}

/** Whether the host shuts down or reboots; systemd then starts nothing more. */
export async function isShuttingDown(): Promise<boolean> {
  const { stdout } = await execa('systemctl', ['is-system-running'], { timeout, reject: false })
  return stdout === 'stopping'
}

/** Stops units, in this order, and waits until all have stopped. */
export async function stopUnits(units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl('stop', '--', ...units)
}

/**
 * Stops a unit unless a job for it is queued: that would be cancelled, and with it whoever waits for
 * the job. systemctl fails for that case; it is the one failure that is none.
 */
export async function stopIfIdle(unit: string): Promise<void> {
  await execa('systemctl', ['stop', '--job-mode=fail', '--', unit], { timeout, reject: false })
}

/** Forgets that units failed and how often they were tried. */
export async function resetFailed(units: readonly string[]): Promise<void> {
  if (units.length > 0) await systemctl('reset-failed', '--', ...units)
}
