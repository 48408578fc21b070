// skopeo, asked about images. Failure policy: an image that cannot be inspected is an error with what
// skopeo said; the layers of local images are knowledge, and without them none counts as present.
import { execa } from 'execa'
import { separateRunDirectory, type ImageStore } from '../render/image-store.ts'
import type { InspectOptions } from '../render/inspect-options.ts'
import { withContainersDirectory } from './with-containers-directory.ts'

/** For a question about local files. */
const timeout = 60_000

interface InspectLimits {
  readonly seconds?: number
  readonly containersDirectory?: string | undefined
}

/** An image as a registry has it, for one platform. */
export interface RegistryImage {
  readonly architecture: string
  readonly layers: readonly { readonly digest: string; readonly bytes: number }[]
}

/**
 * Asks a registry for an image.
 *
 * @param seconds how long the answer may take
 * @param containersDirectory see `withContainersDirectory`
 * @throws Error with the last line of what skopeo said
 */
export async function inspectImage(
  image: string,
  { globalOptions, options }: InspectOptions,
  { seconds = 60, containersDirectory }: InspectLimits = {},
): Promise<RegistryImage> {
  const [program, ...args] = withContainersDirectory(containersDirectory, [
    'skopeo',
    ...globalOptions,
    'inspect',
    '--no-tags',
    ...options,
    '--',
    `docker://${image}`,
  ])
  const result = await execa(program, args, { timeout: seconds * 1000, reject: false })
  if (result.failed) {
    if (result.timedOut) throw new Error(`the registry did not answer within ${seconds} s`)
    const said = result.stderr.trim().split('\n').at(-1)
    throw new Error(said === undefined || said === '' ? result.shortMessage : messageOf(said))
  }
  const answer: unknown = JSON.parse(result.stdout)
  const { Architecture: architecture, LayersData: layers } = fields(answer)
  return {
    architecture: typeof architecture === 'string' ? architecture : '',
    layers: (Array.isArray(layers) ? layers : []).map(layer => {
      const { Digest: digest, Size: bytes } = fields(layer)
      return { digest: String(digest), bytes: Number(bytes) }
    }),
  }
}

/** The layers of a store. */
export interface LocalLayers {
  /** Compressed digests. */
  readonly digests: ReadonlySet<string>
  /** Why some images could not be looked at, in which case there may be more layers. */
  readonly failure: string | undefined
}

/**
 * The compressed digests of every layer in a store of podman's. Layers that only share their contents do not
 * count: podman downloads them again.
 */
export async function localLayers({ directory, options }: ImageStore): Promise<LocalLayers> {
  const list = [...options, 'image', 'list', '--quiet', '--no-trunc']
  const ids = await execa('podman', list, { timeout, reject: false })
  const digests = new Set<string>()
  if (ids.failed) return { digests, failure: ids.shortMessage }
  const store = options.length === 0 ? '' : `[overlay@${directory}+${separateRunDirectory}]`
  let failure: string | undefined
  for (const id of new Set(ids.stdout.split('\n').filter(Boolean))) {
    const image = `containers-storage:${store}${id.replace(/^sha256:/u, '')}`
    const raw = await execa('skopeo', ['inspect', '--raw', image], { timeout, reject: false })
    if (raw.failed) {
      failure = messageOf(raw.stderr.trim().split('\n').at(-1) ?? '')
      continue
    }
    const { layers } = fields(JSON.parse(raw.stdout))
    for (const layer of Array.isArray(layers) ? layers : [])
      digests.add(String(fields(layer)['digest']))
  }
  return { digests, failure }
}

/** skopeo logs as `time="..." level=fatal msg="..."`. */
function messageOf(line: string): string {
  const message = /msg="(.*)"$/u.exec(line)?.[1]
  return message === undefined ? line : message.replaceAll(/\\(.)/gu, '$1')
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {}
}
