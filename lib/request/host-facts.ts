import { lstatSync } from 'node:fs'
import { readSettings } from '../config/read-settings.ts'
import type { Settings } from '../config/settings.ts'
import { hostRoot } from '../directories.ts'
import { readPodman, type Podman } from '../host/podman.ts'
import { mountUnits, systemdVersion } from '../host/systemctl.ts'
import type { HostFacts, PullFacts } from '../facts/facts.ts'
import {
  configuredStore,
  otherStore,
  storeDirectories,
  type ImageStore,
} from '../facts/image-store.ts'
import { vendorDirectories } from '../root/containers-configuration.ts'
import { DeploymentFiles } from '../root/deployment-files.ts'
import { readStorageConfiguration } from '../root/storage-configuration.ts'
import { mountsOfDirectories } from './store-mounts.ts'

/** Reads the facts of this host for pulls. */
export async function pullFacts(
  settings: Settings = readSettings(hostRoot).settings,
): Promise<PullFacts & Podman> {
  // The scripts of the units are installed beside this program.
  const libraryDirectory = import.meta.dirname
  const podman = await readPodman(settings.store)
  const storage = readStorageConfiguration(new DeploymentFiles(hostRoot))
  return { ...podman, otherStore: otherStore(settings.store, storage), libraryDirectory, settings }
}

/** The image store that the configuration of this host names. See `configuredStore`. */
export function hostStore({ store }: Settings): ImageStore {
  return configuredStore(store, readStorageConfiguration(new DeploymentFiles(hostRoot)))
}

/** Reads the facts of this host for rendering units. */
export async function hostFacts(settings: Settings): Promise<HostFacts & Podman> {
  const [facts, version, units] = await Promise.all([
    pullFacts(settings),
    systemdVersion(),
    mountUnits(),
  ])
  const { imageStore, temporaryDirectory } = facts
  const directories = [...storeDirectories(imageStore), imageStore.runDirectory, temporaryDirectory]
  const mounts = mountsOfDirectories(directories, units)
  return {
    ...facts,
    systemdVersion: version,
    mounts: mounts.map(({ unit }) => unit),
    vendorDirectories: vendorDirectories.filter(
      path => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
    ),
  }
}
