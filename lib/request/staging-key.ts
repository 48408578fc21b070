import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import type { DeploymentRole } from './next-deployment.ts'
import { stagedDeploymentFile } from '../root/staged-deployment.ts'

/**
 * Tells this staging of a deployment from another one.
 *
 * ostree writes its file anew for each staging; who requests a root does it once for each.
 */
export function stagingKey(role: DeploymentRole): string {
  const file = {
    staged: join(hostRoot, stagedDeploymentFile),
    requested: join(runtimeDirectory, 'root'),
    default: undefined,
    booted: undefined,
  }[role]
  const time = file && lstatSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs
  return `${role} ${time ?? ''}`
}
