import { statfsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { OwnSettings } from '../config/read-settings.ts'
import { dedicatedStore } from '../config/settings.ts'
import { bootMounts } from '../root/boot-mounts.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { backendOf } from '../backend/host-backend.ts'
import {
  readStorageConfiguration,
  type StorageConfiguration,
} from '../root/storage-configuration.ts'
import { explain, Refusal } from '../text/fault.ts'
import { printable } from '../text/printable.ts'
import { unlessMissing } from '../unless-missing.ts'

/** How a deployment will see the image store of the running system. */
export interface NextStore {
  /** Why it will not find the images of this store, and the remedy, for people; undefined if it will. */
  readonly obstacle: string | undefined
  /** The directories in which images of this store are. */
  readonly own: readonly string[]
  /** The additional image stores that the deployment reads. */
  readonly additional: readonly string[]
}

/** A root with what it says about its image store. */
interface Side {
  readonly files: DeploymentFiles
  readonly storage: StorageConfiguration
  readonly settings: OwnSettings
}

/** A root, and its settings for itself. */
export type ConfiguredRoot = Pick<Side, 'files' | 'settings'>

/** What makes a podman read the dedicated store, for people. */
export const toReadDedicated = `write additionalimagestores = ["${dedicatedStore}"] below [storage.options] in /etc/containers/storage.conf`

/** The image store of the running system. */
export function runningStore(running: ConfiguredRoot): NextStore {
  const here = withStorage(running)
  const find = (path: string) => resolve(here.files, path) ?? path
  return {
    obstacle: isDedicated(here)
      ? obstacleIn(() => requireDedicated(here, here, 'this OS'))
      : undefined,
    // With Store=dedicated, the images in podman's own store are those of before.
    own: [...directoriesOf(here), ...(isDedicated(here) ? ownDirectories(here) : [])].map(find),
    additional: here.storage.additionalStores.map(find),
  }
}

/**
 * Whether the next deployment will find the images in the image store of the running system: it has the same /var and
 * names the same directories, and these survive the reboot.
 *
 * @param root directory of the deployment
 * @param hostRoot the running system
 */
export function nextStore(
  root: string,
  hostRoot: string,
  next: ConfiguredRoot,
  running: ConfiguredRoot,
): NextStore {
  const here = withStorage(running)
  const own = directoriesOf(here).map(path => resolveExisting(here.files, path) ?? path)
  let additional: readonly string[] = []
  const obstacle = obstacleIn(() => {
    const there = withStorage(next)
    const find = (path: string) => resolveExisting(there.files, path) ?? path
    refuseOtherVar(root, hostRoot)
    if (isDedicated(here)) requireDedicated(here, there, 'the next OS')
    else {
      refuseLostLinks(there, own)
      refuseOtherDirectories(own, there, find)
    }
    refuseUnreadStore(here, there)
    for (const path of own) refuseVolatile(path, hostRoot)
    refuseOtherMounts(own, here, there)
    refuseMissingStores(there)
    additional = there.storage.additionalStores.map(find)
  })
  return { own, additional, obstacle }
}

function obstacleIn(require: () => void): string | undefined {
  try {
    require()
    return undefined
  } catch (error) {
    const { reason, remedy = 'correct the file' } = explain(error)
    return printable(`${reason}; ${remedy}`)
  }
}

function withStorage({ files, settings }: ConfiguredRoot): Side {
  return { files, settings, storage: readStorageConfiguration(files) }
}

function isDedicated({ settings }: Side): boolean {
  return settings.store === dedicatedStore
}

/** The directories in which images are pulled. */
function directoriesOf(side: Side): readonly string[] {
  const { store } = side.settings
  return store === undefined ? ownDirectories(side) : [store]
}

/** The directories of podman's own store. */
function ownDirectories({ storage: { graphRoot, imageStore } }: Side): readonly string[] {
  return [graphRoot, imageStore].filter(path => path !== undefined)
}

/** A path without links; undefined if it does not exist in the root, as a directory that is mounted. */
function resolve(files: DeploymentFiles, path: string): string | undefined {
  try {
    return files.resolve(path)
  } catch {
    return undefined
  }
}

/**
 * A path without links, also if its last parts do not exist in the root: they can be on a file system that is mounted.
 *
 * @returns undefined if a link of it leads nowhere, or its first part does not exist, where nothing can be mounted
 */
function resolveExisting(files: DeploymentFiles, path: string): string | undefined {
  const found = resolve(files, path)
  if (found !== undefined || /^\/(?:run|sysroot|var)$/u.test(path)) return found ?? path
  const directory = dirname(path)
  if (directory === '/' || has(files, path)) return undefined
  const parent = resolveExisting(files, directory)
  return parent && join(parent, basename(path))
}

/** Whether a directory has an entry of this name, if only a link that leads nowhere. */
function has(files: DeploymentFiles, path: string): boolean {
  try {
    return files.names(dirname(path)).some(name => name.toString() === basename(path))
  } catch {
    return false // the directory is such a link
  }
}

/** @throws Refusal if the deployment lacks the link or the directory in which the images are */
function refuseLostLinks(there: Side, own: readonly string[]): void {
  const lost = nextDirectories(there).find(path => resolveExisting(there.files, path) === undefined)
  if (lost === undefined) return
  throw new Refusal(
    `the next OS keeps images in ${lost}, where a link leads nowhere or nothing is, and this OS in ${own.join(' and ')}`,
    `ship ${lost} in the OS image as it is here`,
  )
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** @throws Refusal if only one of both mounts a file system at, above or below a directory */
function refuseOtherMounts(own: readonly string[], here: Side, there: Side): void {
  const matters = (where: string) =>
    where !== '/' && own.some(path => isAtOrBelow(path, where) || isAtOrBelow(where, path))
  const [mine, next] = [bootMounts(here.files, matters), bootMounts(there.files, matters)]
  const [gone] = [...mine].filter(where => !next.has(where))
  const [added] = [...next].filter(where => !mine.has(where))
  if (gone !== undefined)
    throw new Refusal(
      `images are on a file system that this OS mounts at ${gone}, and the next OS does not`,
      'keep its line in /etc/fstab, or its mount unit, in the next OS',
    )
  if (added !== undefined)
    throw new Refusal(
      `the next OS mounts a file system at ${added}, which hides the images, and this OS does not`,
      'mount it in this OS first, by a line in /etc/fstab, which both read',
    )
}

/** @throws Refusal if the deployment names an additional store that it does not ship: no command of podman works then */
function refuseMissingStores({ files, storage }: Side): void {
  const missing = storage.additionalStores.find(
    path => path.startsWith('/usr/') && files.follow(path) === undefined && !has(files, path),
  )
  if (missing === undefined) return
  throw new Refusal(
    `the next OS has no ${missing}, which its storage.conf names in additionalimagestores=, so podman would not start there`,
    'remove it from storage.conf, in /etc/containers too',
  )
}

/** @throws Refusal if the deployment is in another stateroot, which has its own /var */
function refuseOtherVar(root: string, hostRoot: string): void {
  const stateroots = backendOf(hostRoot).otherStateroot(hostRoot, root)
  if (stateroots === undefined) return
  const { mine, other } = stateroots
  throw new Refusal(
    `the deployment is in the stateroot ${other}, whose /var has none of the images in that of ${mine}`,
    `stage it with --os=${mine}`,
  )
}

/** Where its podman looks beside the dedicated store: a podman that reads that one still has its own. */
function nextDirectories(there: Side): readonly string[] {
  return isDedicated(there) ? ownDirectories(there) : directoriesOf(there)
}

/** @throws Refusal if the deployment keeps images in other directories */
function refuseOtherDirectories(
  own: readonly string[],
  there: Side,
  find: (path: string) => string,
): void {
  const next = nextDirectories(there)
  if (next.map(find).join('\n') === own.join('\n')) return
  const isPodmans = there.settings.store === undefined || isDedicated(there)
  const key = isPodmans ? 'graphroot= and imagestore=' : 'Store='
  const file = isPodmans ? '/etc/containers/storage.conf' : '/etc/bootc-bound-images.conf'
  throw new Refusal(
    `the next OS keeps images in ${next.join(' and ')}, and this OS in ${own.join(' and ')}`,
    `set ${key} in ${file}, which both read`,
  )
}

/** @throws Refusal if podman would keep the images elsewhere, or a root does not read the dedicated store */
function requireDedicated({ storage: { imageStore } }: Side, { storage }: Side, who: string): void {
  // podman --root has no other effect on it.
  if (imageStore !== undefined)
    throw new Refusal(
      `podman would keep the images of Store=dedicated in ${imageStore}`,
      'remove imagestore= from storage.conf',
    )
  if (!storage.additionalStores.includes(dedicatedStore))
    throw new Refusal(`${who} does not read ${dedicatedStore} (Store=dedicated)`, toReadDedicated)
}

/** @throws Refusal if only the running podman reads the store that `Store=` names */
function refuseUnreadStore(here: Side, { storage }: Side): void {
  const { store } = here.settings
  if (store === undefined || !here.storage.additionalStores.includes(store)) return
  if (storage.additionalStores.includes(store)) return
  throw new Refusal(
    `the next OS does not name ${store} (Store=) in additionalimagestores= of storage.conf, as this OS does`,
    'add it in /etc/containers/storage.conf, which both read',
  )
}

/** Magic numbers of file systems in memory (statfs(2)). */
const memory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

/** @throws Refusal if a directory is in memory, unless the whole system is */
function refuseVolatile(path: string, hostRoot: string): void {
  const device = (of: string) => unlessMissing(() => statSync(join(hostRoot, of)).dev)
  const type = unlessMissing(() => statfsSync(join(hostRoot, path)).type)
  if (type === undefined || !memory.has(type) || device(path) === device('sysroot')) return
  throw new Refusal(
    `${path} is in memory (tmpfs), and its images are gone after the reboot`,
    'mount a disk there',
  )
}
