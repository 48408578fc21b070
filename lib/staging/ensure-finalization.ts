import { hostRoot } from '../directories.ts'
import { gate, inactiveUnits } from '../host/finalization-units.ts'
import { isShuttingDown, startAndWait, startNow } from '../host/systemctl.ts'
import { backendOf } from '../backend/host-backend.ts'
import { describeError } from '../text/describe-error.ts'

/**
 * If a deployment is staged, starts the units that a shutdown needs to apply it, unless they are active: its backend
 * starts its own only at a staging, and somebody may have stopped them since. Then takes back the lock of that stop.
 *
 * @returns why a reboot would not apply the staged deployment; undefined if it would
 */
export async function ensureFinalization(): Promise<string | undefined> {
  const { finalization, readStaged, removeOurLock } = backendOf(hostRoot)
  if (readStaged(hostRoot) === undefined || (await isShuttingDown())) return undefined
  for (const unit of await inactiveUnits(finalization)) {
    try {
      // The gate is ordered after the network, for its stop; its start waits for nothing.
      await (unit === gate ? startNow : startAndWait)(unit)
    } catch (error) {
      return `a reboot does not apply what is staged: ${unit} cannot be started: ${describeError(error)}`
    }
  }
  const [unit] = await inactiveUnits(finalization)
  if (unit !== undefined)
    return `a reboot does not apply what is staged: ${unit} is not active, see systemctl status ${unit}`
  removeOurLock(hostRoot)
  return undefined
}
