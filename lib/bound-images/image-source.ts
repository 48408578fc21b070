import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import { normalizeReference, parseImageReference } from './image-reference.ts'
import { locatePath } from './locate-path.ts'
import { resolveShortName, type ShortNames } from './short-names.ts'

/** Where an image comes from. */
export interface ImageSource {
  /** The word podman gets. */
  readonly image: string
  /** The same in every deployment. */
  readonly identity: string
  /** The name by which podman finds the image once it is in the store. */
  readonly name: string
  /** `host[:port]`, undefined when the image is a file. */
  readonly registry: string | undefined
}

export interface SourceContext {
  readonly files: DeploymentFiles
  /** Reads registries.conf, which is needed for short names only. */
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
 * Reads the value of `Image=` (containers-transports(5)).
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
 * Reads `ImageTag=` beside an image of a registry. Quadlet gives this name to the containers that refer to the
 * `.image` file (podman: pkg/systemd/quadlet/quadlet.go, ConvertImage), but the pull brings `Image=`.
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
      `containers would use ${other}, but what is pulled is ${name}`,
      'remove it, or name the same image in Image= and here',
    )
}

/** A short name is resolved by the registries.conf of the deployment. */
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
  // Only a directory has no reference after its path.
  const path = transport === 'dir' ? rest : rest.replace(/:.*$/su, '')
  const reference = rest.slice(path.length)
  if (imageTag === undefined)
    throw new Refusal(
      `the name that an image of ${transport}: gets is not known`,
      'add ImageTag= with it, so that the image can be found in the store',
    )
  if (/[^\w./:@+-]/u.test(reference))
    throw new Refusal('not a reference inside an archive', 'write name:tag after the path')
  const name = parseImageReference(imageTag)
  return {
    image: `${transport}:${locatePath(files, path, kind)}${reference}`,
    identity: `${transport}:${rest}`,
    // podman keeps an archive's name without registry below localhost (libimage/pull.go).
    name: normalizeReference({ ...name, domain: name.domain ?? 'localhost' }),
    registry: undefined,
  }
}
