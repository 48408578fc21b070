import type { Settings } from '../config/settings.ts'
import type { ImageStore } from './image-store.ts'
import type { PodmanVersion } from './podman-version.ts'

/** What the text of the units depends on beside the plan. */
export interface HostFacts extends PullFacts {
  /** Version of the running systemd, like 257. */
  readonly systemdVersion: number
  /** Where podman keeps what it has not unpacked yet. */
  readonly temporaryDirectory: string
  /** Whether images may be damaged, so that podman has to read back what it pulled. */
  readonly isStoreSuspect?: boolean
}

/** What a pull on this host depends on. */
export interface PullFacts {
  /** Version of the podman that will pull. */
  readonly podmanVersion: PodmanVersion
  readonly imageStore: ImageStore
  /** Directory of the product's own programs. */
  readonly libraryDirectory: string
  readonly settings: Settings
}
