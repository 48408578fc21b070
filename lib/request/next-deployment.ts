import { realpathSync } from 'node:fs'
import { backendOf, requireKnownBackend } from '../backend/host-backend.ts'
import { hostRoot } from '../directories.ts'
import { openRoot } from '../host/open-root.ts'
import { requestedRoot } from '../state/requested-root.ts'

/**
 * Why a deployment is the next one. `staged`: it is staged; only this role is subject to the gate. `requested`:
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
 * the boot loader starts next. Mounts its root if the backend does not keep it as a directory.
 *
 * @param staged what the backend says about the staged deployment, if any
 * @throws Error if the host was booted, or something is staged, in a way that we do not know
 */
export function nextDeployment(
  root: string | undefined,
  staged: Buffer | undefined,
): NextDeployment {
  const backend = backendOf(hostRoot)
  if (root !== undefined) return { root: realpathSync(root), role: 'requested' }
  if (staged !== undefined)
    return { root: openRoot(backend.parseStaged(hostRoot, staged)), role: 'staged' }
  requireKnownBackend(hostRoot)
  const requested = requestedRoot()
  if (requested !== undefined) return { root: requested, role: 'requested' }
  const next = backend.defaultDeployment(hostRoot)
  return next === undefined || backend.isRunning(hostRoot, next.root)
    ? { root: hostRoot, role: 'booted' }
    : { root: openRoot(next), role: 'default' }
}

/** Finds the next deployment from the current state of the host, see `nextDeployment`. */
export function findNextDeployment(root?: string): NextDeployment {
  return nextDeployment(root, backendOf(hostRoot).readStaged(hostRoot))
}
