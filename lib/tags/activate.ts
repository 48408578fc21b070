import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import {
  forgetActivated,
  isActivated,
  neededImages,
  readRecord,
  rememberActivated,
} from '../state/deployment-records.ts'
import { listStore } from '../host/podman.ts'
import { giveNames } from './change-names.ts'
import { tagMoves, type Tagging } from './tag-moves.ts'
import { pullFacts } from '../request/host-facts.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { withStagingLock } from '../state/staging-lock.ts'

/**
 * Sets the tags in the store to the images that are recorded for the running deployment. After a rollback too, a
 * floating tag then refers to the image to which it was resolved at staging. Needs no network.
 *
 * @param leavesMoved whether to keep a tag that was moved since the last activation, because services may use it
 * @returns the names that were set, or undefined if there is no record of the deployment
 */
export function activate({
  leavesMoved,
}: {
  readonly leavesMoved: boolean
}): Promise<readonly Tagging[] | undefined> {
  return withStagingLock(async () => {
    const deployment = basename(deploymentDirectory(hostRoot, hostRoot))
    const record = readRecord(deployment)
    if (record === undefined) return undefined
    const { imageStore } = await pullFacts()
    const list = await listStore(imageStore)
    const stays = (name: string) => leavesMoved && isActivated(deployment) && list.names.has(name)
    const wanted = record.images.filter(({ name }) => !stays(name))
    const moves = tagMoves(wanted, list, neededImages())
    await giveNames(moves, imageStore)
    // If an image is missing, activate again, so that it gets its tag once it is present.
    if (record.images.every(({ id }) => list.ids.has(id))) rememberActivated(deployment)
    else forgetActivated()
    return moves
  })
}
