import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { backendOf } from '../backend/host-backend.ts'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import type { DeploymentRole } from './next-deployment.ts'

/**
 * Identifies a staging of a deployment, by the time of change of a file that is replaced for each staging: the file about
 * the staged deployment, or our link to a requested root.
 */
export function stagingKey(role: DeploymentRole): string {
  const time = {
    staged: () => backendOf(hostRoot).stagingTime(hostRoot),
    requested: () => {
      const link = join(runtimeDirectory, 'root')
      return lstatSync(link, { bigint: true, throwIfNoEntry: false })?.mtimeNs
    },
    default: () => undefined,
    booted: () => undefined,
  }[role]()
  return `${role} ${time ?? ''}`
}
