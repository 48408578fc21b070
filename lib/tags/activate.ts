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
 * Makes the tags of the store those of the running deployment: a floating tag means what it meant when the
 * deployment was staged, also after a rollback. Needs no network.
 *
 * @param leavesMoved whether a tag stays that somebody has moved since that was done: services run with it
 * @returns the names that were given, or undefined when nothing is recorded about the deployment
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
    // What is missing gets its tag when it is there.
    if (record.images.every(({ id }) => list.ids.has(id))) rememberActivated(deployment)
    else forgetActivated()
    return moves
  })
}
