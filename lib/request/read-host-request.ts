import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { openRoot } from '../host/open-root.ts'
import type { PullFacts } from '../facts/facts.ts'
import { backendOf } from '../backend/host-backend.ts'
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
  const running = backendOf(hostRoot).running(hostRoot)
  // It shows the /etc that the running OS ships.
  if (running !== undefined && options.isMerged !== true) openRoot(running)
  const name = backendOf(hostRoot).deploymentOf(hostRoot, root)?.name ?? basename(root)
  return readRequest(root, { hostRoot, podmanVersion, name, ...options })
}

/** Reads what the next deployment asks for. */
export function readNextRequest(
  { root, role }: NextDeployment,
  facts: Pick<PullFacts, 'podmanVersion'>,
): Request {
  // These deployments are finalized, so their /etc is merged; see `layoutOf`.
  return readHostRequest(root, facts, { isMerged: role === 'default' || role === 'booted' })
}
