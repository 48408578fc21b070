/**
 * Puts a command into a mount namespace of its own where another directory is at /etc/containers: no option
 * of podman or skopeo covers all of it.
 *
 * @param directory undefined for the host's own
 */
export function withContainersDirectory(
  directory: string | undefined,
  [program = '', ...args]: readonly string[],
): readonly [program: string, ...args: readonly string[]] {
  if (directory === undefined) return [program, ...args]
  const script = 'mount --bind -- "$0" /etc/containers && exec "$@"'
  return ['unshare', '--mount', '--', '/bin/sh', '-c', script, directory, program, ...args]
}
