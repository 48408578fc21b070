import { basename, join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import type { Request } from '../generate.ts'
import { readRecord } from '../host/deployment-records.ts'
import { withLock } from '../host/flock.ts'
import { readKnowledge, writeKnowledge } from '../host/knowledge-file.ts'
import { tagImages } from '../host/podman-service.ts'
import { listStore } from '../host/podman.ts'
import { removeOldRecords } from '../host/pull-records.ts'
import { receivedBytes } from '../host/systemctl.ts'
import { tagMoves } from '../plan/tag-moves.ts'
import type { PullFacts } from '../render/render-units.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { areAllPresent, findImages, type FoundImage } from '../survey/find-images.ts'
import { completeDeployment } from './complete-deployment.ts'

/**
 * Gives each image that is there the name that containers look for, unless the running system uses that for another
 * image; and if all are there, writes that down and forgets what was noted of images that are there no more.
 *
 * @param found in the order of the plan's pulls
 */
export function settleImages(
  request: Request,
  found: readonly FoundImage[],
  { imageStore }: PullFacts,
): Promise<void> {
  // Who waits for the pulls does this, and so does a unit after them.
  return withLock(join(runtimeDirectory, 'settle.lock'), async () => {
    const list = await listStore(imageStore)
    const wanted = request.plan.pulls.flatMap(({ boundImage: { name, digest } }, index) => {
      const id = found[index]?.id
      return digest === undefined || id === undefined || list.names.has(name) ? [] : [{ id, name }]
    })
    await tagImages(tagMoves(wanted, list.names, new Set()), imageStore)
    if (!areAllPresent(found) || request.problems.length > 0) return
    await noteReceived(request.name)
    completeDeployment(request, found)
    removeOldRecords(list)
  })
}

/**
 * Writes down what the names of the running deployment mean now, unless that is known: the next deployment may give
 * them to other images, and a rollback needs them again.
 */
export async function recordRunning(facts: PullFacts): Promise<void> {
  const root = deploymentDirectory(hostRoot, hostRoot)
  if (root === hostRoot || readRecord(basename(root)) !== undefined) return
  const request = readHostRequest(root, facts, { isMerged: true })
  completeDeployment(request, findImages(request.plan.pulls, facts))
}

/** Keeps what the pulls of a deployment have received, for its record. */
export async function noteReceived(deployment: string): Promise<void> {
  const staging = readKnowledge(deployment)
  if (staging?.receivedBefore !== undefined)
    writeKnowledge({ ...staging, received: await receivedBytes() })
}
