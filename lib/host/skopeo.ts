// skopeo: facts about images. Failure policy: a failed inspection is an error with skopeo's message.
import { execa } from 'execa'
import { createHash } from 'node:crypto'
import { fields } from '../fields.ts'
import { shorten } from '../text/shorten.ts'
import type { Layer } from '../plan/layer.ts'
import { instancesFor, isSize, maxLayers, parseManifest } from '../plan/manifest.ts'
import { separateRunDirectory, type ImageStore } from '../facts/image-store.ts'
import type { InspectOptions } from './inspect-options.ts'
import { storedName } from '../bound-images/bound-image.ts'
import { timeLeft } from './time-left.ts'
import { withContainersDirectory } from './with-containers-directory.ts'
import type { Platform } from '../bound-images/platform.ts'

/** For one command, in milliseconds. */
const timeout = 60_000

interface InspectLimits {
  /** Deadline of all requests, in milliseconds since 1970. By default, each request has `timeout`. */
  readonly deadline?: number
  readonly containersDirectory?: string | undefined
}

/** An image in a registry, for one platform. */
export interface RegistryImage {
  readonly digest: string
  readonly architecture: string
  readonly layers: readonly Layer[]
}

/**
 * Inspects an image in a registry. skopeo selects the instance for the platform as podman does.
 *
 * @param image full reference
 * @throws Error with the last line of skopeo's output
 */
export async function inspectImage(
  image: string,
  options: InspectOptions,
  limits: InspectLimits = {},
): Promise<RegistryImage> {
  const answer = fields(
    JSON.parse(textOf(await askRegistry(image, ['--no-tags'], options, limits))),
  )
  const { Digest: digest, Architecture: architecture, LayersData: layers } = answer
  return {
    digest: String(digest),
    architecture: typeof architecture === 'string' ? architecture : '',
    // Of more, podman refuses the image.
    layers: (Array.isArray(layers) ? layers.slice(0, maxLayers) : []).map(layer => {
      const { Digest: layerDigest, Size: size } = fields(layer)
      const bytes = Number(size)
      return { digest: String(layerDigest), bytes: isSize(bytes) ? bytes : 0 }
    }),
  }
}

/** A name resolved to a digest. */
export interface ResolvedImage {
  /** The digest to pull: that of the manifest list, or that of one instance if the options set a platform. */
  readonly digest: string
  /** Undefined if they are in the manifest of `instance`. */
  readonly layers?: readonly Layer[]
  /** Digest of the image in the list; see `instanceLayers`. */
  readonly instance?: string
}

/**
 * Resolves a name to a digest, with one request unless several images of a list are for the platform. If the options
 * set a platform (`Arch=` and the like), the digest is that of one instance: two pulls of one list for two platforms
 * would take its name from each other.
 *
 * @param image full reference
 * @param platform the wanted platform, see `wantedPlatform`
 * @throws Error with the last line of skopeo's output
 */
export async function resolveImage(
  image: string,
  options: InspectOptions,
  platform: Platform,
  limits: InspectLimits = {},
): Promise<ResolvedImage> {
  const bytes = await askRegistry(image, ['--raw'], options, limits)
  // Of the bytes: decoding can change them.
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const manifest = parseManifest(textOf(bytes))
  if (manifest.kind === 'image') return { digest, layers: manifest.layers }
  const hasPlatform = options.globalOptions.length > 0
  const instances = manifest.kind === 'list' ? instancesFor(manifest.instances, platform) : []
  const [only] = instances
  if (only !== undefined && instances.length === 1)
    return { digest: hasPlatform ? only.digest : digest, instance: only.digest }
  if (hasPlatform)
    throw new Error(
      `${image} has ${instances.length} images for ${platform.os}/${platform.architecture}`,
    )
  // There are several variants of a processor, or the digest of this kind of manifest is not that of its bytes.
  return inspectImage(image, options, limits)
}

/**
 * Reads the layers of an image in a list.
 *
 * @param image full reference of the list
 * @param instance digest of the image
 * @returns undefined if only podman can read its manifest
 * @throws Error with the last line of skopeo's output
 */
export async function instanceLayers(
  image: string,
  instance: string,
  options: InspectOptions,
  limits: InspectLimits = {},
): Promise<readonly Layer[] | undefined> {
  const name = storedName({ name: image.replace(/@.*$/u, ''), digest: instance })
  const manifest = parseManifest(textOf(await askRegistry(name, ['--raw'], options, limits)))
  return manifest.kind === 'image' ? manifest.layers : undefined
}

/** @throws Error if skopeo cannot be started */
export async function requireSkopeo(): Promise<void> {
  const { failed, code, shortMessage } = await execa('skopeo', ['--version'], {
    timeout,
    reject: false,
  })
  if (failed)
    throw new Error(code === 'ENOENT' ? 'skopeo is not installed, or not in PATH' : shortMessage)
}

/** Returns the exact output of `skopeo inspect`. */
async function askRegistry(
  image: string,
  what: readonly string[],
  { globalOptions, options }: InspectOptions,
  { deadline = Date.now() + timeout, containersDirectory }: InspectLimits,
): Promise<Uint8Array> {
  const [program, ...args] = withContainersDirectory(containersDirectory, [
    'skopeo',
    ...globalOptions,
    'inspect',
    ...what,
    ...options,
    '--',
    `docker://${image}`,
  ])
  const result = await execa(program, args, {
    timeout: timeLeft(deadline),
    reject: false,
    stripFinalNewline: false,
    encoding: 'buffer',
  })
  // execa can report a timeout for a skopeo that ended while this process was busy.
  if (result.exitCode === 0) return result.stdout
  if (result.timedOut) throw new Error('the registry did not answer in time')
  const said = textOf(result.stderr).trim().split('\n').at(-1)
  throw new Error(said === undefined || said === '' ? result.shortMessage : messageOf(said))
}

/**
 * Reads the digests of the compressed layers of an image in podman's store.
 *
 * @param id ID of the image
 * @throws Error with the last line of skopeo's output
 */
export async function inspectStored(
  id: string,
  { directory, options }: ImageStore,
): Promise<readonly string[]> {
  const store = options.length === 0 ? '' : `[overlay@${directory}+${separateRunDirectory}]`
  const image = `containers-storage:${store}${id}`
  const raw = await execa('skopeo', ['inspect', '--raw', image], { timeout, reject: false })
  if (raw.failed) throw new Error(messageOf(raw.stderr.trim().split('\n').at(-1) ?? ''))
  const { layers } = fields(JSON.parse(raw.stdout))
  return (Array.isArray(layers) ? layers : []).map(layer => String(fields(layer)['digest']))
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** skopeo logs errors as `time="..." level=fatal msg="..."`. Part of it can be what a registry says, of any length. */
function messageOf(line: string): string {
  const message = /msg="(.*)"$/u.exec(line)?.[1]
  return shorten(message === undefined ? line : message.replaceAll(/\\(.)/gu, '$1'))
}
