// podman, asked about its image store. Failure policy: an image that cannot be inspected, for whatever
// reason, is not there; any other failure is an error.
import { execa } from 'execa'
import type { PodmanVersion } from '../plan/podman-version.ts'
import { separateStore, type ImageStore } from '../render/image-store.ts'

/** Long for a question about local files; short enough for the gate, which has a minute. */
const timeout = 30_000

/** The version of the podman on this host. */
export async function podmanVersion(): Promise<PodmanVersion> {
  const { stdout } = await podman(['--version'])
  const [, major, minor] = /(\d+)\.(\d+)/u.exec(stdout) ?? []
  if (major === undefined || minor === undefined)
    throw new Error(`podman --version printed ${JSON.stringify(stdout)}`)
  return [Number(major), Number(minor)]
}

/**
 * The store that the pulls fill.
 *
 * @param directory root directory of a store of its own; undefined for the one that podman uses by itself
 */
export async function imageStore(directory?: string): Promise<ImageStore> {
  if (directory !== undefined) return separateStore(directory)
  const { stdout } = await podman(['info', '--format', '{{.Store.GraphRoot}}'])
  return { directory: stdout, options: [] }
}

/** Where podman keeps the blobs of a pull until they are unpacked. */
export async function temporaryDirectory(): Promise<string> {
  const result = await podman(['info', '--format', '{{.Store.ImageCopyTmpDir}}'])
  return result.stdout.startsWith('/') ? result.stdout : '/var/tmp'
}

/** An image as podman has it. */
export interface StoredImage {
  /** Of its configuration, which names every layer's contents. */
  readonly id: string
  /** Of the manifest it was pulled by. */
  readonly digest: string
}

/**
 * Which of the images are in the store, whole as far as podman can tell. `podman image exists` is not
 * asked: after a power failure it says yes to images that cannot be mounted; `inspect` reads the
 * links between their layers. One process, unless an image is missing.
 *
 * @param references image references
 */
export async function storedImages(
  references: readonly string[],
  store: ImageStore,
): Promise<ReadonlyMap<string, StoredImage>> {
  const found = await inspect(references, store)
  if (found !== undefined) return found
  if (references.length === 1) return new Map()
  const middle = Math.ceil(references.length / 2)
  return new Map([
    ...(await storedImages(references.slice(0, middle), store)),
    ...(await storedImages(references.slice(middle), store)),
  ])
}

/** Every id in the store. */
export async function storedIds(store: ImageStore): Promise<ReadonlySet<string>> {
  const { stdout } = await podman([
    ...store.options,
    'image',
    'list',
    '--all',
    '--quiet',
    '--no-trunc',
  ])
  return new Set(stdout.split('\n').map(id => id.replace(/^sha256:/u, '')))
}

/** The images, or undefined when one of them could not be inspected. */
async function inspect(
  references: readonly string[],
  { options }: ImageStore,
): Promise<ReadonlyMap<string, StoredImage> | undefined> {
  if (references.length === 0) return new Map()
  const format = '{{.Id}} {{.Digest}} {{.RootFS.Layers}}'
  const result = await execa(
    'podman',
    [...options, 'image', 'inspect', '--format', format, '--', ...references],
    { timeout, reject: false },
  )
  if (isMissing(result)) throw noPodman
  if (result.timedOut || result.exitCode === undefined)
    throw new Error('podman image inspect did not end', { cause: result })
  const lines = result.stdout.split('\n')
  if (result.exitCode !== 0 || lines.length !== references.length) return undefined
  return new Map(
    references.flatMap((reference, index) => {
      const [id = '', digest = ''] = (lines[index] ?? '').split(' ')
      // podman also finds an image by the start of its id; that is not its name.
      return id.startsWith(reference) ? [] : [[reference, { id, digest }]]
    }),
  )
}

async function podman(args: readonly string[]): Promise<{ readonly stdout: string }> {
  try {
    return await execa('podman', args, { timeout })
  } catch (error) {
    throw isMissing(error) ? noPodman : error
  }
}

const noPodman = new Error('podman is not there: install it, or look at PATH')

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
