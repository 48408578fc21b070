import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import { readRequest, type Request } from './request.ts'
import { readRecord } from '../state/deployment-records.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import type { Knowledge } from '../plan/knowledge.ts'
import type { PullFacts } from '../facts/facts.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import type { NextDeployment } from './next-deployment.ts'

/** What a request depends on. */
type RequestFacts = Pick<PullFacts, 'podmanVersion' | 'settings'>

/**
 * Reads what a deployment asks of the running host, planned with what is known about its images.
 *
 * @param options see `layoutOf`
 */
export function readHostRequest(
  root: string,
  { podmanVersion, settings }: RequestFacts,
  options: { readonly isMerged?: boolean } = {},
): Request {
  const name = basename(deploymentDirectory(hostRoot, root))
  const knowledge = knowledgeOf(name)
  return readRequest(root, { hostRoot, podmanVersion, settings, name, knowledge, ...options })
}

/** Reads what the next deployment asks for. */
export function readNextRequest({ root, standing }: NextDeployment, facts: RequestFacts): Request {
  // The /etc of what was not staged is merged already, see `layoutOf`.
  return readHostRequest(root, facts, { isMerged: standing === 'default' || standing === 'booted' })
}

/** What staging found out in this boot, else what the deployment was completed with. */
function knowledgeOf(deployment: string): Knowledge {
  const images = readRecord(deployment)?.images ?? []
  return (
    readKnowledge(deployment)?.knowledge ??
    new Map(images.map(({ identity, digest }) => [identity, { digest }]))
  )
}
