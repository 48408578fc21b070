import type { Settings } from '../config/settings.ts'
import type { ImageStore } from './image-store.ts'
import type { PodmanVersion } from './podman-version.ts'

/** What the text of the units depends on, besides the plan. */
export interface HostFacts extends PullFacts {
  /** Version of the running systemd, like 257. */
  readonly systemdVersion: number
  /** Directory in which podman keeps layers that are not unpacked yet. */
  readonly temporaryDirectory: string
  /** Whether images may be damaged, so that podman must read back what it pulled. */
  readonly isStoreSuspect?: boolean
  /** Those of `vendorDirectories` that exist, and are no links to what pulls see as /etc/containers. */
  readonly vendorDirectories?: readonly string[]
  /** Names of the mount units of all directories that podman uses. */
  readonly mounts?: readonly string[]
}

/** What a pull on this host depends on. */
export interface PullFacts {
  /** Version of the podman that will pull. */
  readonly podmanVersion: PodmanVersion
  readonly imageStore: ImageStore
  /** See `otherStore`. */
  readonly otherStore?: ImageStore | undefined
  /** Directory of the programs of this product. */
  readonly libraryDirectory: string
  readonly settings: Settings
}
