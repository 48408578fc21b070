import { unitStates } from './systemctl.ts'

/** Stopped before the finalization of a backend: locks what the gate has not let pass. */
export const guard = 'bootc-bound-images-guard.service'

/** Stopped before the guard, at shutdown: pulls what is missing, and decides. */
export const gate = 'bootc-bound-images-gate.service'

/**
 * Those of the units that are not active. All are while a deployment is staged.
 *
 * @param finalization see `Backend`
 */
export async function inactiveUnits(finalization: string): Promise<readonly string[]> {
  const units = [finalization, guard, gate]
  const states = await unitStates(units)
  return units.filter((_, index) => states[index]?.active !== 'active')
}
