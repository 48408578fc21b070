// skopeo, asked about images. Failure policy: an image that cannot be inspected is an error with what
// skopeo said; the layers of local images are knowledge, and without them none counts as present.
import { execa } from 'execa'
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

/**
 * The compressed digests of every layer in podman's store. Layers that only share their contents do not
 * count: podman downloads them again.
 */
export async function localLayers(): Promise<ReadonlySet<string>> {
  const ids = await execa('podman', ['images', '--quiet', '--no-trunc'], { timeout, reject: false })
  const layers = new Set<string>()
  if (ids.failed) return layers
  for (const id of new Set(ids.stdout.split('\n').filter(Boolean))) {
    const image = `containers-storage:${id.replace(/^sha256:/u, '')}`
    const raw = await execa('skopeo', ['inspect', '--raw', image], { timeout, reject: false })
    if (raw.failed) continue
    const { layers: list } = fields(JSON.parse(raw.stdout))
    for (const layer of Array.isArray(list) ? list : []) layers.add(String(fields(layer)['digest']))
  }
  return layers
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
