import type { DeploymentFiles } from './deployment-files.ts'

/** Where distributions keep Quadlet. It is smaller than podman itself. */
const programs = [
  '/usr/libexec/podman/quadlet',
  '/usr/lib/podman/quadlet',
  '/usr/lib/systemd/system-generators/podman-system-generator',
]
const maxProgramBytes = 64 * 1024 * 1024

/**
 * Whether an OS has podman 6 or newer, which looks for its configuration in /usr/share/containers too
 * (containers-registries.conf(5) and others). A program built from Go modules has their paths, with the major version, in
 * it. Nothing of an OS that was never booted is run to find out.
 */
export function hasPodman6(files: DeploymentFiles): boolean {
  // Older ones do not read it there.
  if (files.follow('/usr/share/containers/policy.json') !== undefined) return true
  return programs.some(path => {
    const stat = files.follow(path)?.stat
    return (
      stat?.isFile() === true &&
      stat.size <= maxProgramBytes &&
      /\bpodman\/v(?:[6-9]|\d\d)\//u.test(files.read(path, maxProgramBytes).toString('latin1'))
    )
  })
}
