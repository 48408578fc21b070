import type { Fault } from '../text/fault.ts'
import type { ImageSource } from './image-source.ts'
import { findLogin, type Login } from './logins.ts'
import type { PullOption } from './pull-options.ts'

/** Maximum number of images in all specs of a deployment. Far above any real host. */
export const maxImages = 20_000

/** What a bound-image spec asks for, validated. */
export interface BoundImage {
  /** Image argument for podman: a full reference, or a transport with a path on this machine. */
  readonly image: string
  /** Name that the spec gives the image. Containers refer to the image by it. */
  readonly name: string
  /**
   * Digest that the registry has for the name. Set if the image is pulled by digest and the name has no
   * digest.
   */
  readonly digest?: string
  /** Everything that determines which image is pulled. The same in every deployment, without secrets. */
  readonly identity: string
  /** Options before `image pull`. */
  readonly globalOptions: readonly PullOption[]
  /** Options after `image pull`. */
  readonly options: readonly PullOption[]
  /** Whether it is an artifact, which podman keeps in another store (podman-artifact(1)). */
  readonly isArtifact?: true
  /** How a container mounts it, if it only mounts it: by its own name, without options, or by a `.image` file. */
  readonly mountedBy?: 'name' | 'file'
  /** Where the image is named. `file` is set only if it is not the spec itself. */
  readonly origin: Pick<Fault, 'file' | 'line' | 'key'>
}

/** The image argument of `podman image pull`. */
export function pulledImage(boundImage: BoundImage): string {
  return boundImage.digest === undefined ? boundImage.image : storedName(boundImage)
}

/**
 * The name by which podman finds exactly this image in the store. An image that was pulled by digest keeps
 * this name when its tag moves.
 */
export function storedName({ name, digest }: Pick<BoundImage, 'name' | 'digest'>): string {
  return digest === undefined ? name : `${name.replace(/:[^:/]*$/u, '')}@${digest}`
}

/** The parts of a parsed spec. */
interface Parts {
  readonly source: ImageSource
  readonly globalOptions: readonly PullOption[]
  readonly options: readonly PullOption[]
  readonly origin: BoundImage['origin']
}

/** Assembles a bound image. A pull without its own credentials uses those of ostree and bootc, if any. */
export function makeBoundImage(
  { source, globalOptions, options, origin }: Parts,
  logins: () => readonly Login[],
): BoundImage {
  const { image, name, identity, registry } = source
  const parts = [...globalOptions, ...options].flatMap(option => option.identity ?? [])
  const hasLogin = options.some(({ flag }) => flag === '--authfile')
  const login = hasLogin || registry === undefined ? undefined : findLogin(logins(), name)
  return {
    image,
    name,
    identity: JSON.stringify([identity, ...parts]),
    globalOptions,
    options: login === undefined ? withOneLogin(options) : [authFileOption(login), ...options],
    origin,
  }
}

/** The same as an artifact. An image can have the same name. */
export function asArtifact(boundImage: BoundImage): BoundImage {
  return { ...boundImage, identity: `artifact ${boundImage.identity}`, isArtifact: true }
}

/**
 * podman prefers `--creds` to `--authfile` in any order. Both are `--authfile` here, so keep only that of
 * `--creds`.
 */
function withOneLogin(options: readonly PullOption[]): readonly PullOption[] {
  const creds = options.findLast(({ flag, files }) => flag === '--authfile' && files.length > 0)
  return creds === undefined
    ? options
    : options.filter(option => option === creds || option.flag !== '--authfile')
}

function authFileOption(path: string): PullOption {
  return { flag: '--authfile', words: ['--authfile', path], identity: undefined, files: [] }
}
