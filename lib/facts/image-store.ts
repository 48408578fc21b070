import { fields } from '../fields.ts'
import { runtimeDirectory } from '../directories.ts'

/** An image store of podman. */
export interface ImageStore {
  /** Its root directory. */
  readonly directory: string
  /** Directory in which podman records what is mounted from the store. */
  readonly runDirectory: string
  /** Options that select the store. None for the default store of podman. */
  readonly options: readonly string[]
  /** Options for a pull, if a pull must not use every store that podman uses otherwise. */
  readonly pullOptions?: readonly string[]
}

/** Run directory of a separate store. Two stores must not share a record of mounts. */
export const separateRunDirectory = `${runtimeDirectory}/store`

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
 * podman options for a pull that exclude stores which are part of an OS image. A pull reuses layers of such a
 * store, and the pulled image breaks when the store disappears with its OS. Setting one storage option
 * replaces all of them, so this sets all (podman(1), `--storage-opt`).
 *
 * @param graphOptions storage options in effect, from `podman info`
 * @param isKept whether a pull may use the store at a path
 * @returns undefined if a pull may use all stores
 */
export function keptStorageOptions(
  graphOptions: unknown,
  isKept: (path: string) => boolean,
): readonly string[] | undefined {
  const stores = Object.entries(fields(graphOptions))
    .filter(([name]) => /\.(?:additional)?imagestores?$/iu.test(name))
    .flatMap(([, value]) => value)
    .filter(value => typeof value === 'string')
  // Early versions of podman 5 report only the last store. There may be others, so the safe choice is none.
  const reportsAllStores = Object.keys(fields(graphOptions)).some(name => name.endsWith('Stores'))
  const kept = new Set(reportsAllStores ? stores.filter(isKept) : [])
  if (kept.size === new Set(stores).size) return undefined
  const others = Object.entries(fields(graphOptions))
    .filter(([name]) => !/imagestores?$/iu.test(name))
    .map(([name, value]) => `${name}=${isProgram(value) ? value.Executable : String(value)}`)
  const all = [...others, ...[...kept].map(path => `additionalimagestore=${path}`)]
  return (all.length === 0 ? [''] : all).map(option => `--storage-opt=${option}`)
}

/** podman reports a program as an object, not only as its name. */
function isProgram(value: unknown): value is { readonly Executable: string } {
  return typeof value === 'object' && value !== null && 'Executable' in value
}
