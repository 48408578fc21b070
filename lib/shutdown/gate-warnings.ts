import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { backendOf, requireKnownBackend } from '../backend/host-backend.ts'
import { gate, guard, inactiveUnits } from '../host/finalization-units.ts'
import { unitProperty } from '../host/systemctl.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * Warnings for people that the gate cannot hold a deployment back, or that a reboot does not apply the staged one. Checks
 * what systemd has loaded, because later drop-ins can change our units.
 */
export async function gateWarnings(): Promise<readonly string[]> {
  const { finalization, lockFile, readStaged } = backendOf(hostRoot)
  const isRequired = (await unitProperty(finalization, 'Requires')).split(' ').includes(guard)
  const canLock = (await unitProperty(guard, 'ExecStop')).includes(basename(lockFile))
  const inactive =
    readStaged(hostRoot) === undefined
      ? (await inactiveUnits(finalization)).filter(unit => unit === gate)
      : await inactiveUnits(finalization)
  return [
    ...unknownBackend(),
    ...(isRequired && canLock
      ? []
      : [
          `the gate is not in place: ${finalization} does not require a ${guard} that locks. See systemctl cat ${finalization} ${guard}.`,
        ]),
    ...inactive.map(
      unit =>
        `a reboot does not apply what is staged: ${unit} is not active. Remedy: systemctl start bootc-bound-images.target`,
    ),
  ]
}

function unknownBackend(): readonly string[] {
  try {
    requireKnownBackend(hostRoot)
    return []
  } catch (error) {
    return [`the gate is not in place: ${describeError(error)}`]
  }
}
