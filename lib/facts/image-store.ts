import { fields } from '../fields.ts'
import { dedicatedStore } from '../config/settings.ts'
import { runtimeDirectory } from '../directories.ts'
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
  /** Options for a pull, if a pull must not use every store that podman uses otherwise. */
  readonly pullOptions?: readonly string[]
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
 * podman options for a pull that exclude all additional stores, of images and of layers. A pull reuses layers of such a store, and the
 * pulled image breaks when they are removed: with the OS image that the store is part of, or by the program that
 * keeps the store, like bootc. Setting one storage option replaces all of them, so this sets all (podman(1), `--storage-opt`).
 *
 * @param graphOptions storage options in effect, from `podman info`
 * @returns undefined if there are no such stores
 */
export function ownStorageOptions(graphOptions: unknown): readonly string[] | undefined {
  const all = Object.entries(fields(graphOptions))
  const others = all.filter(([name]) => !/(?:imagestore|layerstore)s?$/iu.test(name))
  if (others.length === all.length) return undefined
  const options = others.map(
    ([name, value]) => `${name}=${isProgram(value) ? value.Executable : String(value)}`,
  )
  return (options.length === 0 ? [''] : options).map(option => `--storage-opt=${option}`)
}

/** podman reports a program as an object, not only as its name. */
function isProgram(value: unknown): value is { readonly Executable: string } {
  return typeof value === 'object' && value !== null && 'Executable' in value
}
