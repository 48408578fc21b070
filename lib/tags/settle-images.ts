import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import type { Request } from '../request/request.ts'
import { isRecordWhole, readRecord } from '../state/deployment-records.ts'
import { listStore } from '../host/podman.ts'
import { removeOldRecords } from '../state/pull-records.ts'
import { giveNames } from './change-names.ts'
import { tagMoves } from './tag-moves.ts'
import type { PullFacts } from '../facts/facts.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { areAllPresent, findImages, type FoundImage } from '../survey/find-images.ts'
import { recordDeployment } from './record-deployment.ts'
import { pruneImages } from './prune-images.ts'

/**
 * Gives each present image the name by which containers find it, unless another image has that name, because the
 * running system may use it. If all images are present, also records the deployment, deletes the pull records of
 * removed images, and prunes. Call it while holding the staging lock.
 *
 * @returns one image for each pull of the plan, in its order
 */
export async function settleImages(
  request: Request,
  plan: Plan,
  facts: PullFacts,
): Promise<readonly FoundImage[]> {
  const found = await findImages(request, plan, facts)
  const list = await listStore(facts.imageStore)
  const wanted = plan.pulls.flatMap(({ boundImage: { name, digest } }, index) => {
    const id = found[index]?.id
    return digest === undefined || id === undefined || list.names.has(name) ? [] : [{ id, name }]
  })
  const given = tagMoves(wanted, list, new Set())
  await giveNames(given, facts.imageStore)
  if (areAllPresent(found) && request.problems.length === 0) {
    recordDeployment(request.name, plan, found)
    removeOldRecords(list)
    const names = new Map([...list.names, ...given.map(({ id, name }) => [name, id] as const)])
    await pruneImages({ ...list, names }, facts)
  }
  return found
}

/**
 * Records what the names of the running deployment mean now, unless there is a complete record. The next deployment may
 * give them to other images, and a rollback needs them again.
 */
export async function recordRunning(facts: PullFacts): Promise<void> {
  const root = deploymentDirectory(hostRoot, hostRoot)
  if (root === hostRoot || isRecordWhole(basename(root))) return
  const request = readHostRequest(root, facts, { isMerged: true })
  const plan = planAsStaged(request, facts.settings)
  // Keep what an incomplete record says, because a pull may have moved a tag since then.
  const known = new Map(
    readRecord(basename(root))?.images.map(({ identity, id }) => [identity, id]),
  )
  const found = (await findImages(request, plan, facts)).map((image, index) => ({
    ...image,
    id: known.get(plan.pulls[index]?.boundImage.identity ?? '') ?? image.id,
  }))
  recordDeployment(request.name, plan, found)
}
