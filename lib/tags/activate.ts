import { basename } from 'node:path'
import { hostRoot } from '../directories.ts'
import {
  forgetActivated,
  isActivated,
  neededImages,
  readRecord,
  rememberActivated,
} from '../state/deployment-records.ts'
import { readSettings } from '../config/read-settings.ts'
import { defaultStore, separateStore } from '../facts/image-store.ts'
import { listStore } from '../host/podman.ts'
import { mountStore, whyNotMounted } from '../request/store-mounts.ts'
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
 * @param isEarly whether the boot waits, so that a store on the network is not mounted yet
 * @returns the names that were set, or why none were, for people
 */
export function activate({
  leavesMoved,
  isEarly,
}: Readonly<Record<'leavesMoved' | 'isEarly', boolean>>): Promise<readonly Tagging[] | string> {
  return withStagingLock(async () => {
    const deployment = basename(deploymentDirectory(hostRoot, hostRoot))
    const record = readRecord(deployment)
    if (record === undefined) return 'Nothing is recorded about the running deployment.'
    const { settings } = readSettings(hostRoot)
    const usual = settings.store === undefined ? defaultStore : separateStore(settings.store)
    // Before podman runs, which would make a store below the mount point.
    const why = whyNotMounted(await mountStore(usual, { isEarly }))
    if (why !== undefined) return why
    const { imageStore } = await pullFacts(settings)
    const whyNot = whyNotMounted(await mountStore(imageStore, { isEarly }))
    if (whyNot !== undefined) return whyNot
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
