import { fields } from '../fields.ts'
import { dedicatedStore } from '../config/settings.ts'
import { runtimeDirectory } from '../directories.ts'
import { isAtLeast, type PodmanVersion } from './podman-version.ts'
import type { StorageConfiguration } from '../root/storage-configuration.ts'

/** An image store of podman. */
export interface ImageStore {
  /** Its root directory. */
  readonly directory: string
  /** Where it keeps images, if not there: `imagestore` of containers-storage.conf(5). */
  readonly imageDirectory?: string
  /** Directory in which podman records what is mounted from the store. */
  readonly runDirectory: string
  /** Options that select the store. None for the default store of podman. */
  readonly options: readonly string[]
  /** Options for a pull, if they are not the same. */
  readonly pullOptions?: readonly string[]
  /** Whether podman reads additional stores, which a pull must not use. */
  readonly hasAdditionalStores?: boolean
}

/** Run directory of a separate store. Two stores must not share a record of mounts. */
export const separateRunDirectory = `${runtimeDirectory}/store`

/** The directories with the images of a store and what podman knows about them. */
export function storeDirectories({ directory, imageDirectory }: ImageStore): readonly string[] {
  return imageDirectory === undefined ? [directory] : [directory, imageDirectory]
}

/** The same as one argument. podman does not allow ":" in them either. */
export function storePath(store: ImageStore): string {
  return storeDirectories(store).join(':')
}

/** A store next to the default store of podman. */
export function separateStore(directory: string): ImageStore {
  const runDirectory = separateRunDirectory
  return { directory, runDirectory, options: ['--root', directory, '--runroot', runDirectory] }
}

/** The default store of podman, unless storage.conf(5) says otherwise. */
export const defaultStore: ImageStore = {
  directory: '/var/lib/containers/storage',
  runDirectory: '/run/containers/storage',
  options: [],
}

/**
 * The store that the configuration names. For what must be known before podman runs, which makes its directories; podman
 * itself says which store it uses.
 *
 * @param store root directory of a separate store; undefined for podman's own
 */
export function configuredStore(
  store: string | undefined,
  { graphRoot, imageStore }: StorageConfiguration,
): ImageStore {
  if (store !== undefined) return separateStore(store)
  const imageDirectory = imageStore === undefined ? {} : { imageDirectory: imageStore }
  return { ...defaultStore, directory: graphRoot, ...imageDirectory }
}

/**
 * podman's own store and the dedicated one have names for the same containers if podman reads both. This is the one into
 * which images are not pulled, but may have been earlier.
 *
 * @param store root directory of a separate store; undefined for podman's own
 */
export function otherStore(
  store: string | undefined,
  storage: StorageConfiguration,
): ImageStore | undefined {
  if (!storage.additionalStores.includes(dedicatedStore)) return undefined
  if (store === undefined) return separateStore(dedicatedStore)
  return store === dedicatedStore ? configuredStore(undefined, storage) : undefined
}

/** What `podman info` says about the storage of podman. */
export interface StorageInfo {
  /** Storage options in effect. */
  readonly graphOptions: unknown
  /** Like `overlay`. */
  readonly driver: string
  readonly version: PodmanVersion
}

/**
 * The store of the artifacts that containers find: always podman's own, because additional stores have no artifacts for it.
 */
export function artifactStore({
  imageStore,
  otherStore,
}: {
  readonly imageStore: ImageStore
  readonly otherStore?: ImageStore | undefined
}): ImageStore {
  return otherStore?.options.length === 0 ? otherStore : imageStore
}

/**
 * podman options for a pull: as configured, but
 *
 * - without additional stores, of images and of layers. A pull reuses layers of such a store, and the pulled image
 *   breaks when they are removed: with the OS image that the store is part of, or by the program that keeps the store,
 *   like bootc.
 * - with each layer synced before podman notes that it has it, where podman can do that and nobody has decided about it.
 *   Else a power failure during the pull can leave damaged layers, which the next pull takes over.
 *
 * Setting one storage option replaces all of them, so this sets all (podman(1), `--storage-opt`).
 *
 * @returns undefined if they are the configured ones
 */
export function pullStorageOptions(info: StorageInfo): readonly string[] | undefined {
  const all = Object.entries(fields(info.graphOptions))
  const others = all.filter(([name]) => !isOfAdditionalStores(name))
  const sync = canSync(info) && !all.some(([name]) => syncOption.test(name)) ? [syncLayers] : []
  if (others.length === all.length && sync.length === 0) return undefined
  const options = [
    ...others.map(
      ([name, value]) => `${name}=${isProgram(value) ? value.Executable : String(value)}`,
    ),
    ...sync,
  ]
  return (options.length === 0 ? [''] : options).map(option => `--storage-opt=${option}`)
}

/** Whether podman reads additional stores, of images or of layers. */
export function hasAdditionalStores({ graphOptions }: Pick<StorageInfo, 'graphOptions'>): boolean {
  return Object.keys(fields(graphOptions)).some(isOfAdditionalStores)
}

function isOfAdditionalStores(option: string): boolean {
  return /(?:imagestore|layerstore)s?$/iu.test(option)
}

/** containers-storage.conf(5), `sync` of `[storage.options.overlay]`. */
const syncLayers = 'overlay.sync=filesystem'
const syncOption = /(?:^|\.)sync$/u

/** The first podman whose containers/storage (1.63) has the option. */
const firstWithSync = [6, 0] as const

function canSync({ driver, version }: StorageInfo): boolean {
  return driver === 'overlay' && isAtLeast(version, firstWithSync)
}

/** podman reports a program as an object, not only as its name. */
function isProgram(value: unknown): value is { readonly Executable: string } {
  return typeof value === 'object' && value !== null && 'Executable' in value
}
