import { hostRoot } from '../directories.ts'
import type { Request } from '../request/request.ts'
import { isRecordWhole, readRecord } from '../state/deployment-records.ts'
import { removeOldRecords } from '../state/pull-records.ts'
import { tryToListArtifacts } from './artifact-names.ts'
import { nameImages } from './name-images.ts'
import type { PullFacts } from '../facts/facts.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { backendOf } from '../backend/host-backend.ts'
import { areAllPresent, findImages, type FoundImage } from '../survey/find-images.ts'
import { recordDeployment } from './record-deployment.ts'
import { pruneImages } from './prune-images.ts'

/**
 * Names the images, see `nameImages`. If all images are present, also records the deployment, deletes the pull records of
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
  const stores = await nameImages(plan, found, facts)
  if (areAllPresent(found) && request.problems.length === 0) {
    const artifacts = tryToListArtifacts(facts)
    const lists = [...stores.map(({ list }) => list), ...(artifacts ? [artifacts] : [])]
    const ids = new Set(lists.flatMap(list => [...list.ids]))
    const stays = (id: string) => request.isMerged && ids.has(id)
    recordDeployment(request.name, plan, asRecorded(request.name, plan, found, stays))
    if (artifacts !== undefined) removeOldRecords(lists)
    await pruneImages(stores, artifacts, facts)
  }
  return found
}

/**
 * Records what the names of the running deployment mean now, unless there is a complete record. The next deployment may
 * give them to other images, and a rollback needs them again.
 */
export async function recordRunning(facts: PullFacts): Promise<void> {
  const running = backendOf(hostRoot).running(hostRoot)
  if (running === undefined || isRecordWhole(running.name)) return
  const request = readHostRequest(hostRoot, facts, { isMerged: true })
  const plan = planAsStaged(request, facts.settings)
  // Its containers also find images that were pulled before Store=dedicated.
  const { imageStore, otherStore } = facts
  const seen = otherStore?.options.length === 0 ? otherStore : imageStore
  const found = await findImages(request, plan, { imageStore: seen })
  recordDeployment(request.name, plan, asRecorded(request.name, plan, found))
}

/**
 * The images of a deployment that was staged before: those in its record, because a pull may have moved a tag since
 * then.
 *
 * @param stays whether to keep the image with this ID
 */
function asRecorded(
  deployment: string,
  { pulls }: Plan,
  found: readonly FoundImage[],
  stays = (_id: string) => true,
): readonly FoundImage[] {
  const known = new Map(readRecord(deployment)?.images.map(({ identity, id }) => [identity, id]))
  return found.map((image, index) => {
    const id = known.get(pulls[index]?.boundImage.identity ?? '')
    return id === undefined || !stays(id) ? image : { ...image, id }
  })
}
