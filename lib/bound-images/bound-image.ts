import type { Fault } from '../text/fault.ts'
import type { ImageSource } from './image-source.ts'
import { findLogin, type Login } from './logins.ts'
import type { PullOption } from './pull-options.ts'

/** Of all specs of a deployment; far above any real host. */
export const mostImages = 20_000

/** What a bound-image spec asks for, validated. */
export interface BoundImage {
  /** The image as podman gets it: a full reference, or a transport with a path on this machine. */
  readonly image: string
  /** The name that the spec gives the image, and under which containers look for it. */
  readonly name: string
  /** What the registry has for that name, when the image is to be pulled by digest and the name holds none. */
  readonly digest?: string
  /** What decides which image comes: the same in every deployment, and without secrets. */
  readonly identity: string
  /** Options before `image pull`. */
  readonly globalOptions: readonly PullOption[]
  /** Options after it. */
  readonly options: readonly PullOption[]
  /** Where the image is named; `file` when it is another one than the spec itself. */
  readonly origin: Pick<Fault, 'file' | 'line' | 'key'>
}

/** The word that podman gets to pull the image. */
export function pulledImage(boundImage: BoundImage): string {
  return boundImage.digest === undefined ? boundImage.image : storedName(boundImage)
}

/**
 * The name by which podman finds this very image once it is in the store. An image that was pulled by digest
 * keeps that name when its tag moves on.
 */
export function storedName({ name, digest }: Pick<BoundImage, 'name' | 'digest'>): string {
  return digest === undefined ? name : `${name.replace(/:[^:/]*$/u, '')}@${digest}`
}

/** The parts that a spec is read into. */
interface Parts {
  readonly source: ImageSource
  readonly globalOptions: readonly PullOption[]
  readonly options: readonly PullOption[]
  readonly origin: BoundImage['origin']
}

/** Puts a bound image together; a pull without credentials of its own gets those of the host. */
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

/** podman prefers `--creds` to `--authfile`, wherever it stands. */
function withOneLogin(options: readonly PullOption[]): readonly PullOption[] {
  const creds = options.findLast(({ flag, files }) => flag === '--authfile' && files.length > 0)
  return creds === undefined
    ? options
    : options.filter(option => option === creds || option.flag !== '--authfile')
}

function authFileOption(path: string): PullOption {
  return { flag: '--authfile', words: ['--authfile', path], identity: undefined, files: [] }
}
