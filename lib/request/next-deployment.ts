import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { hostRoot } from '../directories.ts'
import { locateDefaultRoot } from '../root/default-deployment.ts'
import { deploymentDirectory, isSameDeployment } from '../root/deployments.ts'
import {
  deploymentRoot,
  parseStagedDeployment,
  readStagedFile,
  requireKnownBackend,
} from '../root/staged-deployment.ts'
import { requestedRoot } from '../state/requested-root.ts'

/**
 * Why a deployment is the next one. `staged`: ostree has staged it; only this role is subject to the gate. `requested`:
 * a deploy tool gave its root before staging it. `default`: nothing is staged, and the boot loader starts it next.
 * `booted`: as `default`, but it is the running one.
 */
export type DeploymentRole = 'staged' | 'requested' | 'default' | 'booted'

/** The deployment whose bound images are wanted. */
export interface NextDeployment {
  readonly root: string
  readonly role: DeploymentRole
}

/**
 * Finds the next deployment: `root` if given, else the staged one, else the root that was last given, else the one that
 * the boot loader starts next.
 *
 * @param staged contents of ostree's file about the staged deployment, if any
 * @returns undefined if nothing is staged or requested and the system was not booted with ostree
 * @throws Error if something is staged in a way that we do not know
 */
export function nextDeployment(
  root: string | undefined,
  staged: Buffer | undefined,
): NextDeployment | undefined {
  if (root !== undefined) return { root: realpathSync(root), role: 'requested' }
  if (staged !== undefined)
    return { root: deploymentRoot(hostRoot, parseStagedDeployment(staged)), role: 'staged' }
  requireKnownBackend(hostRoot)
  const requested = requestedRoot()
  if (requested !== undefined) return { root: requested, role: 'requested' }
  if (!existsSync(join(hostRoot, 'run/ostree-booted'))) return undefined
  const next = locateDefaultRoot(hostRoot)
  return next === undefined || isSameDeployment(next, deploymentDirectory(hostRoot, hostRoot))
    ? { root: hostRoot, role: 'booted' }
    : { root: next, role: 'default' }
}

/** Finds the next deployment from the current state of ostree, see `nextDeployment`. */
export function findNextDeployment(root?: string): NextDeployment | undefined {
  return nextDeployment(root, readStagedFile(hostRoot))
}
