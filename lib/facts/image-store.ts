import { fields } from '../fields.ts'
import { runtimeDirectory } from '../directories.ts'

/** A store of podman's. */
export interface ImageStore {
  /** Its root directory. */
  readonly directory: string
  /** Where podman notes what is mounted of it. */
  readonly runDirectory: string
  /** What makes podman use it; none for the store that podman uses by itself. */
  readonly options: readonly string[]
  /** The same for a pull, if that may not use all that podman uses otherwise. */
  readonly pullOptions?: readonly string[]
}

/** The run directory of a separate store; what is mounted of two stores must not be mixed. */
export const separateRunDirectory = `${runtimeDirectory}/store`

/** A store beside the one that podman uses by itself. */
export function separateStore(directory: string): ImageStore {
  const runDirectory = separateRunDirectory
  return { directory, runDirectory, options: ['--root', directory, '--runroot', runDirectory] }
}

/** The one that podman uses by itself unless storage.conf(5) says otherwise. */
export const defaultStore: ImageStore = {
  directory: '/var/lib/containers/storage',
  runDirectory: '/run/containers/storage',
  options: [],
}

/**
 * Options of podman that keep it from using stores which come and go with the OS image: a pull takes over their layers,
 * and an image is broken without all of its own. To say one storage option is to say all of them (podman(1),
 * `--storage-opt`).
 *
 * @param graphOptions what `podman info` says of the storage options that hold
 * @param isKept whether the store at a path may be used
 * @returns undefined when all may be used
 */
export function keptStorageOptions(
  graphOptions: unknown,
  isKept: (path: string) => boolean,
): readonly string[] | undefined {
  const stores = Object.entries(fields(graphOptions))
    .filter(([name]) => /\.(?:additional)?imagestores?$/iu.test(name))
    .flatMap(([, value]) => value)
    .filter(value => typeof value === 'string')
  // The first podmans 5 tell only the last store: there may be others, and to use none is the safe choice.
  const areAllTold = Object.keys(fields(graphOptions)).some(name => name.endsWith('Stores'))
  const kept = new Set(areAllTold ? stores.filter(isKept) : [])
  if (kept.size === new Set(stores).size) return undefined
  const others = Object.entries(fields(graphOptions))
    .filter(([name]) => !/imagestores?$/iu.test(name))
    .map(([name, value]) => `${name}=${isProgram(value) ? value.Executable : String(value)}`)
  const all = [...others, ...[...kept].map(path => `additionalimagestore=${path}`)]
  return (all.length === 0 ? [''] : all).map(option => `--storage-opt=${option}`)
}

/** Of a program, podman says more than its name. */
function isProgram(value: unknown): value is { readonly Executable: string } {
  return typeof value === 'object' && value !== null && 'Executable' in value
}
