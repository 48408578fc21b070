import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { imageStore, podmanVersion } from '../host/podman.ts'
import { systemdVersion } from '../host/systemctl.ts'
import type { HostFacts, PullFacts } from '../render/render-units.ts'

/**
 * What pulls on this host depend on.
 *
 * @param warn takes what has no effect in the configuration, as lines for people
 */
export async function pullFacts(warn: (line: string) => void = () => {}): Promise<PullFacts> {
  const { settings, warnings } = readSettings(hostRoot)
  for (const warning of warnings) warn(warning)
  return {
    podmanVersion: await podmanVersion(),
    imageStore: await imageStore(settings.store),
    libraryDirectory: dirname(realpathSync(process.argv[1] ?? '.')),
    settings,
  }
}

/** What the units for this host depend on. */
export async function hostFacts(warn?: (line: string) => void): Promise<HostFacts> {
  return { ...(await pullFacts(warn)), systemdVersion: await systemdVersion() }
}
