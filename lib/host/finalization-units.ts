import { unitStates } from './systemctl.ts'

/** ostree's service. When it is stopped, it makes the staged deployment the default, unless that is locked. */
export const finalization = 'ostree-finalize-staged.service'

/** Stopped before it: locks what the gate has not let pass. */
export const guard = 'bootc-bound-images-guard.service'

/** Stopped before the guard, at shutdown: pulls what is missing, and decides. */
export const gate = 'bootc-bound-images-gate.service'

const units = [finalization, guard, gate] as const

/** Those of the units that are not active. All are while a deployment is staged. */
export async function inactiveUnits(): Promise<readonly (typeof units)[number][]> {
  const states = await unitStates(units)
  return units.filter((_, index) => states[index]?.active !== 'active')
}
