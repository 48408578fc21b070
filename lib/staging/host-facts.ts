import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { imageStore, podmanVersion } from '../host/podman.ts'
import { systemdVersion } from '../host/systemctl.ts'
import type { HostFacts } from '../render/render-units.ts'

/** What the units for this host depend on. */
export async function hostFacts(): Promise<HostFacts> {
  const program = realpathSync(process.argv[1] ?? '.')
  return {
    systemdVersion: await systemdVersion(),
    podmanVersion: await podmanVersion(),
    imageStore: await imageStore(),
    libraryDirectory: dirname(program),
  }
}
