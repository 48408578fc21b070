import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot } from '../directories.ts'
import { locateDefaultRoot } from '../root/default-deployment.ts'
import { deploymentDirectory, isSameDeployment } from '../root/deployments.ts'
import { deploymentRoot, parseStagedDeployment, readStagedFile } from '../root/staged-deployment.ts'
import { requestedRoot } from '../state/requested-root.ts'

/**
 * Why a deployment is the next one. Only what is staged passes the gate; `requested` is what a deploy tool
 * named before it staged it, `default` is what the boot loader starts next without a staging, and `booted`
 * the same when that is the running one.
 */
export type DeploymentRole = 'staged' | 'requested' | 'default' | 'booted'

/** The deployment whose bound images are wanted. */
export interface NextDeployment {
  readonly root: string
  readonly role: DeploymentRole
}

/**
 * Finds the next deployment: `root` if given, else the staged one, else the root that was last given, else
 * what the boot loader starts.
 *
 * @param staged bytes of ostree's file about the staged deployment, if any
 * @returns undefined on a system that is no deployment
 */
export function nextDeployment(
  root: string | undefined,
  staged: Buffer | undefined,
): NextDeployment | undefined {
  if (root !== undefined) return { root: realpathSync(root), role: 'requested' }
  if (staged !== undefined)
    return { root: deploymentRoot(hostRoot, parseStagedDeployment(staged)), role: 'staged' }
  const requested = requestedRoot()
  if (requested !== undefined) return { root: requested, role: 'requested' }
  if (!existsSync(join(hostRoot, 'run/ostree-booted'))) return undefined
  const next = locateDefaultRoot(hostRoot)
  return next === undefined || isSameDeployment(next, deploymentDirectory(hostRoot, hostRoot))
    ? { root: hostRoot, role: 'booted' }
    : { root: next, role: 'default' }
}

/** The next deployment as it is now, see `nextDeployment`. */
export function findNextDeployment(root?: string): NextDeployment | undefined {
  return nextDeployment(root, readStagedFile(hostRoot))
}
