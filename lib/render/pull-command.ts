import { knownOptions, type PodmanVersion } from '../facts/podman-version.ts'
import { pulledImage, type BoundImage } from '../bound-images/bound-image.ts'
import { artifactLock } from '../directories.ts'
import type { ImageStore } from '../facts/image-store.ts'

const podman = '/usr/bin/podman'

const platformFlags: ReadonlySet<string> = new Set(['--arch', '--os', '--variant', '--platform'])

/** Quotes a word for a shell. */
const quote = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`

/**
 * The `podman image pull` command of a bound image, as Quadlet maps the keys to options (podman:
 * pkg/systemd/quadlet/quadlet.go, ConvertImage), in a fixed order.
 *
 * @param version version of the podman that will pull
 */
export function pullCommand(
  boundImage: BoundImage,
  version: PodmanVersion,
  store: ImageStore,
): readonly string[] {
  const { globalOptions, options } = boundImage
  const known = knownOptions(options, version)
  if (boundImage.isArtifact)
    return [
      // podman 5.4 writes its list of artifacts without a lock: of two pulls, one would lose the other.
      '/usr/bin/flock',
      '--no-fork',
      artifactLock,
      podman,
      ...store.options,
      ...globalOptions.flatMap(({ words }) => words),
      'artifact',
      'pull',
      ...known.flatMap(({ words }) => words),
      pulledImage(boundImage),
    ]
  const storeOptions = store.pullOptions ?? store.options
  const command = [
    podman,
    ...storeOptions,
    ...globalOptions.flatMap(({ words }) => words),
    'image',
    'pull',
    ...known.flatMap(({ words }) => words),
    pulledImage(boundImage),
  ]
  const policy = options.findLast(({ flag }) => flag === '--policy')
  const isOmitted = policy !== undefined && !known.includes(policy)
  // With a platform, podman itself queries the registry (common: libimage/pull.go,
  // copySingleImageFromRegistry).
  const isOfAnyPlatform = !options.some(({ flag }) => platformFlags.has(flag))
  return isOmitted && isOfAnyPlatform && policy.words.join('=').endsWith('missing')
    ? [
        '/bin/sh',
        '-c',
        `${[podman, ...storeOptions].map(quote).join(' ')} image inspect "$0" >/dev/null 2>&1 || exec "$@"`,
        boundImage.name,
        ...command,
      ]
    : command
}
