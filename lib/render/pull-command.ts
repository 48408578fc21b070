import type { BoundImage } from '../spec/bound-image.ts'

/**
 * The `podman image pull` command of a bound image, as Quadlet maps the keys to flags (podman:
 * pkg/systemd/quadlet/quadlet.go, ConvertImage), in one fixed order.
 *
 * @param authFile where the file that `AuthFile=` names is now
 */
export function pullCommand(
  { image, tlsVerify }: BoundImage,
  authFile: string | undefined,
): readonly string[] {
  return [
    '/usr/bin/podman',
    'image',
    'pull',
    ...(authFile === undefined ? [] : ['--authfile', authFile]),
    ...(tlsVerify === undefined ? [] : [tlsVerify ? '--tls-verify' : '--tls-verify=false']),
    image,
  ]
}
