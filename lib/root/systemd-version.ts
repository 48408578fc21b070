import type { DeploymentFiles } from './deployment-files.ts'

/** The systemd version of a deployment, from the name of its library. Undefined if there is none. */
export function systemdVersionOf(files: DeploymentFiles): number | undefined {
  const multiarch = files
    .names('/usr/lib')
    .map(String)
    .filter(name => name.endsWith('-linux-gnu'))
    .map(name => `/usr/lib/${name}/systemd`)
  for (const directory of ['/usr/lib/systemd', '/usr/lib64/systemd', ...multiarch])
    for (const name of files.names(directory)) {
      const version = /^libsystemd-shared-(\d+)/u.exec(name.toString())?.[1]
      if (version !== undefined) return Number(version)
    }
  return undefined
}
