import { runtimeDirectory } from '../directories.ts'

/** A store of podman's. */
export interface ImageStore {
  /** Its root directory. */
  readonly directory: string
  /** Where podman notes what is mounted of it. */
  readonly runDirectory: string
  /** What makes podman use it; none for the store that podman uses by itself. */
  readonly options: readonly string[]
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
