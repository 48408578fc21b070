import { knownOptions, type PodmanVersion } from '../plan/podman-version.ts'
import { pulledImage, type BoundImage } from '../spec/bound-image.ts'
import type { ImageStore } from './image-store.ts'

const podman = '/usr/bin/podman'

/**
 * The `podman image pull` command of a bound image, as Quadlet maps the keys to options (podman:
 * pkg/systemd/quadlet/quadlet.go, ConvertImage), in one fixed order.
 *
 * @param version of the podman that will pull
 */
export function pullCommand(
  boundImage: BoundImage,
  version: PodmanVersion,
  store: ImageStore,
): readonly string[] {
  const { globalOptions, options } = boundImage
  const known = knownOptions(options, version)
  const command = [
    podman,
    ...(store.pullOptions ?? store.options),
    ...knownOptions(globalOptions, version).flatMap(({ words }) => words),
    'image',
    'pull',
    ...known.flatMap(({ words }) => words),
    pulledImage(boundImage),
  ]
  const policy = options.findLast(({ flag }) => flag === '--policy')
  const isLeftOut = policy !== undefined && !known.includes(policy)
  return isLeftOut && policy.words.join('=').endsWith('missing')
    ? [
        '/bin/sh',
        '-c',
        `${[podman, ...store.options].join(' ')} image inspect "$0" >/dev/null 2>&1 || exec "$@"`,
        boundImage.name,
        ...command,
      ]
    : command
}
