import { basename } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { readRequest, type Request } from '../generate.ts'
import { storedImages } from '../host/podman.ts'
import { readCurrentSet } from '../host/unit-sets.ts'
import { selectPulls } from '../plan/plan-pulls.ts'
import type { PullFacts } from '../render/render-units.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import type { NextDeployment, Standing } from './next-deployment.ts'

/**
 * Reads what a deployment asks of the running host.
 *
 * @param options see `layoutOf`
 */
export function readHostRequest(
  root: string,
  { podmanVersion, settings }: PullFacts,
  options: { readonly isMerged?: boolean } = {},
): Request {
  const name = basename(deploymentDirectory(hostRoot, root))
  return readRequest(root, { hostRoot, podmanVersion, settings, name, ...options })
}

/** Reads all that the next deployment asks for. */
export function readWholeRequest({ root, standing }: NextDeployment, facts: PullFacts): Request {
  return readHostRequest(root, facts, { isMerged: !isToBeMerged(standing) })
}

/**
 * Reads what is to be pulled for the next deployment. For one that was not staged that is only what is
 * missing: a tag of the running system must not move because the system was booted. What was begun stays.
 */
export async function readNextRequest(next: NextDeployment, facts: PullFacts): Promise<Request> {
  const request = readWholeRequest(next, facts)
  if (isToBeMerged(next.standing)) return request
  const images = request.plan.pulls.map(({ boundImage }) => boundImage.name)
  const stored = await storedImages(images, facts.imageStore)
  const begun = new Set(readCurrentSet(runtimeDirectory).map(({ name }) => name))
  const plan = selectPulls(
    request.plan,
    facts.settings.maxParallel,
    ({ unit, boundImage }) => begun.has(unit) || !stored.has(boundImage.name),
  )
  return { ...request, plan }
}

/** The /etc of what was not staged is merged already, see `layoutOf`. */
function isToBeMerged(standing: Standing): boolean {
  return standing === 'staged' || standing === 'requested'
}
