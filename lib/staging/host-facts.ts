import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { imageStore, podmanVersion } from '../host/podman.ts'
import { systemdVersion } from '../host/systemctl.ts'
import type { HostFacts, PullFacts } from '../render/render-units.ts'

/** What pulls on this host depend on. */
export async function pullFacts(): Promise<PullFacts> {
  const { settings } = readSettings(hostRoot)
  return {
    podmanVersion: await podmanVersion(),
    imageStore: await imageStore(settings.store),
    libraryDirectory: dirname(realpathSync(process.argv[1] ?? '.')),
    settings,
  }
}

/** What the units for this host depend on. */
export async function hostFacts(): Promise<HostFacts> {
  return { ...(await pullFacts()), systemdVersion: await systemdVersion() }
}
