import { hostRoot } from '../directories.ts'
import { describeError } from '../text/describe-error.ts'
import { isShuttingDown, startAndWait, unitStates } from '../host/systemctl.ts'
import { readStagedFile } from '../root/staged-deployment.ts'

/** When it is stopped, it makes the staged deployment the default. */
const service = 'ostree-finalize-staged.service'

/**
 * Starts ostree's service if a deployment is staged and the service is not active, for example because the gate has
 * refused a deployment without a reboot, or somebody has stopped it. ostree itself starts it only at a staging.
 *
 * @returns why a reboot would not apply the staged deployment; undefined if it would
 */
export async function ensureFinalization(): Promise<string | undefined> {
  if (readStagedFile(hostRoot) === undefined || (await isActive()) || (await isShuttingDown()))
    return undefined
  try {
    await startAndWait(service)
  } catch (error) {
    return `${service} cannot be started, so a reboot does not apply what is staged: ${describeError(error)}`
  }
  return (await isActive())
    ? undefined
    : `${service} is not active, so a reboot does not apply what is staged: see systemctl status ${service}`
}

async function isActive(): Promise<boolean> {
  const [state] = await unitStates([service])
  return state?.active === 'active'
}
