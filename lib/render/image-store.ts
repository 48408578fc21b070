import { runtimeDirectory } from '../directories.ts'

/** A store of podman's. */
export interface ImageStore {
  /** Its root directory. */
  readonly directory: string
  /** What makes podman use it; none for the store that podman uses by itself. */
  readonly options: readonly string[]
}

/** A store beside the one that podman uses by itself. What podman notes of mounts must not be mixed. */
export function separateStore(directory: string): ImageStore {
  return { directory, options: ['--root', directory, '--runroot', `${runtimeDirectory}/store`] }
}

/** The one that podman uses by itself unless storage.conf(5) says otherwise. */
export const defaultStore: ImageStore = { directory: '/var/lib/containers/storage', options: [] }
