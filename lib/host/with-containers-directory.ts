/**
 * Wraps a command so that it runs in its own mount namespace, with another directory at /etc/containers. No option of
 * podman or skopeo covers all of that directory.
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
