import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import type { PullFacts } from '../facts/facts.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import type { NextDeployment } from './next-deployment.ts'
import { readRequest, type Request } from './request.ts'

/**
 * Reads what a deployment asks for, in the context of the running host.
 *
 * @param options see `layoutOf`
 */
export function readHostRequest(
  root: string,
  { podmanVersion }: Pick<PullFacts, 'podmanVersion'>,
  options: { readonly isMerged?: boolean } = {},
): Request {
  const name = basename(deploymentDirectory(hostRoot, root))
  return readRequest(root, { hostRoot, podmanVersion, name, ...options })
}

/** Reads what the next deployment asks for. */
export function readNextRequest(
  { root, role }: NextDeployment,
  facts: Pick<PullFacts, 'podmanVersion'>,
): Request {
  // These deployments are finalized, so ostree has merged /etc; see `layoutOf`.
  return readHostRequest(root, facts, { isMerged: role === 'default' || role === 'booted' })
}
