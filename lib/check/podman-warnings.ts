import { podmanWeakness } from '../facts/podman-weakness.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { podmanPackageVersion } from '../root/podman-package.ts'
import type { Finding } from './finding.ts'

/**
 * Notes about the podman of a root: its hosts pull the next update with it. No warnings, because the distribution may have
 * mended it, and because pulls by digest are verified anyway.
 */
export function podmanWarnings(files: DeploymentFiles): readonly Finding[] {
  const version = podmanPackageVersion(files)
  const weakness = version === undefined ? undefined : podmanWeakness(version)
  return weakness === undefined ? [] : [{ severity: 'note', entry: 'usr/bin/podman', ...weakness }]
}
