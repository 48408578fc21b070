import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import type { DeploymentRole } from './next-deployment.ts'
import { stagedDeploymentFile } from '../root/staged-deployment.ts'

/**
 * Identifies a staging of a deployment, by the time of change of a file that is replaced for each staging: ostree's
 * file about the staged deployment, or our link to a requested root.
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
