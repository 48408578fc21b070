import { vendorDirectories } from '../root/containers-configuration.ts'

/**
 * Wraps a command so that it runs in its own mount namespace, with another directory at /etc/containers and nothing
 * beside it. No option of podman or skopeo covers all of that directory.
 *
 * @param directory undefined for the host's own
 */
export function withContainersDirectory(
  directory: string | undefined,
  [program = '', ...args]: readonly string[],
): readonly [program: string, ...args: readonly string[]] {
  if (directory === undefined) return [program, ...args]
  // podman 6 and its skopeo read these too, and the directory has them already.
  const hidden = vendorDirectories.join(' ')
  const script = `mount --bind -- "$0" /etc/containers && for d in ${hidden}; do [ ! -d $d ] || [ -L $d ] || mount -t tmpfs none $d || exit; done && exec "$@"`
  return ['unshare', '--mount', '--', '/bin/sh', '-c', script, directory, program, ...args]
}
