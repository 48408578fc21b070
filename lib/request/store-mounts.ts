import { realpathSync } from 'node:fs'
import { storeDirectories, type ImageStore } from '../facts/image-store.ts'
import { mountsOf, notMounted, unmountedByPodman, type MountUnit } from '../facts/store-mounts.ts'
import { mountUnits, tryToStart } from '../host/systemctl.ts'
import {
  changedDirectory,
  forgetStore,
  isStoreRemembered,
  rememberStore,
} from '../state/store-directories.ts'
import { unlessMissing } from '../unless-missing.ts'

/** Time in milliseconds to wait for a disk, less than the timeout of activate.service. */
const mountTimeout = 40_000

/**
 * Mounts what is not mounted yet of an image store, and waits for it.
 *
 * @param options `isEarly`: not what waits for the network, which may wait for this unit
 * @returns the mounts of the store, as they are then
 */
export async function mountStore(
  store: ImageStore,
  { isEarly = false }: { readonly isEarly?: boolean } = {},
): Promise<readonly MountUnit[]> {
  const mounts = await storeMounts(store)
  const missing = notMounted(mounts).filter(({ isRemote }) => !(isEarly && isRemote))
  if (missing.length === 0) return mounts
  await tryToStart(
    missing.map(({ unit }) => unit),
    mountTimeout,
  )
  return storeMounts(store)
}

/** Why the image store is not mounted, for people; undefined if it is. */
export function whyNotMounted(mounts: readonly MountUnit[]): string | undefined {
  const [missing] = notMounted(mounts)
  return (
    missing &&
    `the file system of the image store is not mounted at ${missing.where}: see systemctl status ${missing.unit}`
  )
}

/** The same, also if it does not stay mounted: no layer that is pulled is then sure to be found again. */
function whyNotReliable(store: ImageStore, mounts: readonly MountUnit[]): string | undefined {
  const layers = unmountedByPodman(withoutLinks(store.directory), mounts)
  return layers === undefined
    ? whyNotMounted(mounts)
    : `podman unmounts ${layers.where} when a command ends and no container runs, and then finds no layer there: mount the disk at ${store.directory} instead`
}

/**
 * Remembers the directories of the image store for all later checks, unless it is not mounted or does not stay mounted.
 *
 * @param mounts its mounts
 * @returns why it is not remembered, for people; undefined if it is
 */
export function seeStore(store: ImageStore, mounts: readonly MountUnit[]): string | undefined {
  const why = whyNotReliable(store, mounts)
  const points = mounts.filter(({ isWanted }) => isWanted).map(({ where }) => where)
  if (why === undefined) rememberStore(new Set([...storeDirectories(store), ...points]))
  else forgetStore()
  return why
}

/** @throws Error if the directories of the image store are not those that staging saw; see `seeStore` */
export function requireSameStore(): void {
  const changed = changedDirectory()
  if (changed !== undefined)
    throw new Error(
      `${changed} is not the directory that staging saw: is its file system unmounted? Mount it, and start bootc-bound-images.target`,
    )
}

/**
 * Checks the image store without a staging.
 *
 * @param options `remembers`: for the pulls that follow; see `seeStore`
 * @throws Error as `requireSameStore`, and, if no staging has seen the store in this boot, as `seeStore`
 */
export async function requireStore(
  store: ImageStore,
  { remembers = false }: { readonly remembers?: boolean } = {},
): Promise<void> {
  requireSameStore()
  if (isStoreRemembered()) return
  const mounts = await storeMounts(store)
  const why = remembers ? seeStore(store, mounts) : whyNotReliable(store, mounts)
  if (why !== undefined) throw new Error(why)
}

/**
 * The mounts of directories.
 *
 * @param units those that systemd has loaded
 */
export function mountsOfDirectories(
  directories: readonly string[],
  units: readonly MountUnit[],
): readonly MountUnit[] {
  return mountsOf([...new Set(directories.flatMap(withoutLinks))], units)
}

async function storeMounts(store: ImageStore): Promise<readonly MountUnit[]> {
  return mountsOfDirectories(storeDirectories(store), await mountUnits())
}

/** Also with links: while their target is not mounted, they can lead nowhere. */
function withoutLinks(path: string): readonly string[] {
  return [path, unlessMissing(() => realpathSync(path)) ?? path]
}
