import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { normalizeReference, parseImageReference } from './image-reference.ts'
import { locatePath } from './locate-path.ts'
import { resolveShortName, type ShortNames } from './short-names.ts'

/** Where an image comes from. */
export interface ImageSource {
  /** Image argument for podman. */
  readonly image: string
  /** Identifies the source. The same in every deployment. */
  readonly identity: string
  /** Name by which podman finds the image in the store. */
  readonly name: string
  /** `host[:port]`, or undefined if the image is a file or directory. */
  readonly registry: string | undefined
}

export interface SourceContext {
  readonly files: DeploymentFiles
  /** Reads registries.conf. Only short names need it. */
  readonly shortNames: () => ShortNames
}

const pathTransports: ReadonlyMap<string, 'file' | 'directory'> = new Map([
  ['dir', 'directory'],
  ['docker-archive', 'file'],
  ['oci', 'directory'],
  ['oci-archive', 'file'],
])
const otherTransports = ['containers-storage', 'docker-daemon', 'ostree', 'sif', 'tarball']

/**
 * Parses the value of `Image=` (containers-transports(5)).
 *
 * @param imageTag value of `ImageTag=`
 * @throws Refusal
 */
export function parseImageSource(
  text: string,
  imageTag: string | undefined,
  context: SourceContext,
): ImageSource {
  const [, transport, rest = ''] = /^([a-z-]+):(.*)$/su.exec(text) ?? []
  const kind = transport === undefined ? undefined : pathTransports.get(transport)
  if (transport !== undefined && kind !== undefined)
    return fileSource(transport, kind, rest, imageTag, context)
  if (transport !== undefined && otherTransports.includes(transport))
    throw new Refusal(
      `images cannot be bound from ${transport}:`,
      `write a registry's image, or ${[...pathTransports.keys()].join(':, ')}: with a path`,
    )
  const { name, registry } = registryName(text, context)
  return { image: name, identity: name, name, registry }
}

/**
 * Parses the name of an artifact. podman pulls artifacts only from registries, and only by full names
 * (podman-artifact-pull(1)). It looks for what a mount names literally (podman: pkg/libartifact, GetByNameOrDigest).
 *
 * @throws Refusal
 */
export function parseArtifactSource(text: string, context: SourceContext): ImageSource {
  if (/^[a-z-]+:[/.]/u.test(text) && !text.startsWith('docker://'))
    throw new Refusal('podman pulls artifacts only from registries', 'write a full name')
  if (parseImageReference(text.replace(/^docker:\/\//u, '')).domain === undefined)
    throw new Refusal(
      'podman does not look up short names of artifacts',
      'write the name with its registry',
    )
  const source = parseImageSource(text, undefined, context)
  if (source.name !== text)
    throw new Refusal(
      'podman does not complete the name of an artifact that it mounts',
      `write ${source.name}`,
    )
  return source
}

/**
 * Refuses an `ImageTag=` that names another image than `Image=`. Quadlet passes `ImageTag=` to the containers
 * that refer to the `.image` file (podman: pkg/systemd/quadlet/quadlet.go, ConvertImage), but podman pulls
 * `Image=`.
 *
 * @throws Refusal
 */
export function refuseOtherName(
  imageTag: string,
  { name }: ImageSource,
  context: SourceContext,
): void {
  const other = registryName(imageTag, context).name
  if (other !== name)
    throw new Refusal(
      `containers would use ${other}, but podman pulls ${name}`,
      'remove it, or name the same image in Image= and here',
    )
}

/** Resolves a short name with registries.conf of the deployment. */
function registryName(text: string, { shortNames }: SourceContext) {
  const parsed = parseImageReference(text.replace(/^docker:\/\//u, ''))
  const full = parsed.domain === undefined ? resolveShortName(parsed, shortNames()) : parsed
  const name = normalizeReference(full)
  return { name, registry: name.slice(0, name.indexOf('/')) }
}

function fileSource(
  transport: string,
  kind: 'file' | 'directory',
  rest: string,
  imageTag: string | undefined,
  { files }: SourceContext,
): ImageSource {
  // Only a `dir:` path is never followed by a reference.
  const path = transport === 'dir' ? rest : rest.replace(/:.*$/su, '')
  const reference = rest.slice(path.length)
  if (imageTag === undefined)
    throw new Refusal(
      `an image from ${transport}: needs a name`,
      'set ImageTag= to its name in the store',
    )
  if (/[^\w./:@+-]/u.test(reference))
    throw new Refusal('not a reference inside an archive', 'write name:tag after the path')
  const parsed = parseImageReference(imageTag)
  // podman stores an archive under localhost if its name has no registry (libimage/pull.go).
  const name = normalizeReference({ ...parsed, domain: parsed.domain ?? 'localhost' })
  return {
    image: `${transport}:${locatePath(files, path, kind)}${reference}`,
    // Two names in one archive are two images that must be there.
    identity: `${transport}:${rest} as ${name}`,
    name,
    registry: undefined,
  }
}
