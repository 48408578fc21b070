import { hostRoot } from '../directories.ts'
import {
  forgetActivated,
  isActivated,
  neededImages,
  readRecord,
  rememberActivated,
} from '../state/deployment-records.ts'
import { readSettings } from '../config/read-settings.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { partition } from '../partition.ts'
import { activateArtifacts } from './artifact-names.ts'
import { notMounted } from '../facts/store-mounts.ts'
import { restartAfterMounts } from '../host/systemctl.ts'
import { mountStore, whyNotMounted } from '../request/store-mounts.ts'
import { giveNames, takeNames } from './change-names.ts'
import { listStores, type ListedStore } from './store-lists.ts'
import {
  hidingNames,
  protectingNamesToAdd,
  tagMoves,
  visible,
  withNames,
  type Tagging,
} from './tag-moves.ts'
import { hostStore, pullFacts } from '../request/host-facts.ts'
import { backendOf } from '../backend/host-backend.ts'
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
    const deployment = backendOf(hostRoot).running(hostRoot)?.name
    const record = deployment === undefined ? undefined : readRecord(deployment)
    if (deployment === undefined || record === undefined)
      return 'Nothing is recorded about the running deployment.'
    const { settings } = readSettings(hostRoot)
    // Before podman runs, which would make a store below the mount point.
    const why = await whyNotReady(hostStore(settings), isEarly)
    if (why !== undefined) return why
    const facts = await pullFacts(settings)
    for (const store of [facts.imageStore, facts.otherStore ?? facts.imageStore]) {
      const whyNot = await whyNotReady(store, isEarly)
      if (whyNot !== undefined) return whyNot
    }
    const stores = await listStores(facts)
    const list = visible(stores)
    const mayMove = leavesMoved && isActivated(deployment)
    const stays = (name: string) => mayMove && list.names.has(name)
    const [artifacts, images] = partition(record.images, ({ isArtifact }) => isArtifact === true)
    const wanted = images.filter(({ name }) => !stays(name))
    const moves = await moveTags(wanted, stores, neededImages())
    const { given, areSet } = await activateArtifacts(artifacts, mayMove, facts)
    // If an image is missing, activate again, so that it gets its tag once it is present.
    if (areSet && images.every(({ id }) => list.ids.has(id))) rememberActivated(deployment)
    else forgetActivated()
    return [...moves, ...given]
  })
}

/**
 * Mounts a store. If the boot mounts it later, has bootc-bound-images-activate.service restarted then.
 *
 * @returns why it is not mounted, for people; undefined if it is
 */
async function whyNotReady(store: ImageStore, isEarly: boolean): Promise<string | undefined> {
  const mounts = await mountStore(store, { isEarly })
  const late = notMounted(mounts).filter(({ isRemote }) => isRemote)
  if (isEarly && late.length > 0)
    await restartAfterMounts(
      late.map(({ unit }) => unit),
      'bootc-bound-images-activate.service',
    )
  return whyNotMounted(mounts)
}

/** Sets the tags in each store that has the image, and removes those that hide them. */
async function moveTags(
  wanted: readonly Tagging[],
  stores: readonly ListedStore[],
  needed: ReadonlySet<string>,
): Promise<readonly Tagging[]> {
  const moved: Tagging[] = []
  for (const { store, list } of stores) {
    const moves = tagMoves(wanted, list, needed)
    await giveNames(moves, store)
    moved.push(...moves)
  }
  const [own, dedicated] = stores
  if (own === undefined || dedicated === undefined) return moved
  const hiding = hidingNames(wanted, own.list, dedicated.list)
  const names = hiding.map(({ name }) => name)
  const list = withNames(own.list, tagMoves(wanted, own.list, needed))
  await giveNames(protectingNamesToAdd(names, list, needed), own.store)
  await takeNames(hiding, own.store)
  return moved
}
