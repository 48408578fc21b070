// podman, asked about its image store. Failure policy: an image that cannot be inspected, for whatever
// reason, is not there; any other failure is an error.
import { execa } from 'execa'
import type { PodmanVersion } from '../plan/podman-version.ts'
import { separateStore, type ImageStore } from '../render/image-store.ts'
import { parseDamagedImages } from './parse-damaged-images.ts'
import { parseLastError } from './parse-last-error.ts'
import { parseUnknownImages } from './parse-unknown-images.ts'

/** Long for a question about local files; short enough for the gate, which has a minute. */
const timeout = 30_000

/** The podman of this host. */
export interface Podman {
  readonly podmanVersion: PodmanVersion
  /** The store that the pulls fill. */
  readonly imageStore: ImageStore
  /** Where it keeps the blobs of a pull until they are unpacked. */
  readonly temporaryDirectory: string
}

/**
 * Asks podman about itself. It must be able to open its store for that; one that cannot says of every image
 * that it is not there.
 *
 * @param directory root directory of a store of its own; undefined for the one that podman uses by itself
 */
export async function readPodman(directory?: string): Promise<Podman> {
  const options = directory === undefined ? [] : separateStore(directory).options
  const format =
    '{{.Version.Version}} {{.Store.ImageCopyTmpDir}}\n{{.Store.GraphRoot}}\n{{.Store.RunRoot}}'
  const { stdout } = await podman([...options, 'info', '--format', format])
  const [, major, minor, temporary = '', store = '', runDirectory = ''] =
    /^(\d+)\.(\d+)\S* (.*)\n(.*)\n(.*)$/u.exec(stdout) ?? []
  if (major === undefined || minor === undefined)
    throw new Error(`podman info printed ${JSON.stringify(stdout)}`)
  return {
    podmanVersion: [Number(major), Number(minor)],
    imageStore: { directory: store, runDirectory, options },
    // `storage` means the store itself.
    temporaryDirectory: temporary.startsWith('/') ? temporary : store,
  }
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
 * links between their layers. One process, or two when images are missing.
 *
 * @param references image references
 */
export async function storedImages(
  references: readonly string[],
  store: ImageStore,
): Promise<ReadonlyMap<string, StoredImage>> {
  const found = await inspect(references, store)
  if (!('unknown' in found)) return found
  const rest = references.filter(reference => !found.unknown.has(reference))
  if (rest.length < references.length) return storedImages(rest, store)
  // Some are damaged, and podman names them in too many ways.
  if (rest.length === 1) return new Map()
  const middle = Math.ceil(rest.length / 2)
  return new Map([
    ...(await storedImages(rest.slice(0, middle), store)),
    ...(await storedImages(rest.slice(middle), store)),
  ])
}

/** What podman finds wrong in its whole store, which it reads from end to end. */
export interface StoreCheck {
  readonly isWhole: boolean
  /** Ids of the images that are damaged; there can be damaged layers that no image has. */
  readonly damagedImages: readonly string[]
}

/**
 * Checks the store, and removes what is damaged if asked to. podman has this from 5.2 on. Without `--quick`,
 * with which podman 5.8 does not notice that a file was emptied.
 *
 * @param deadline until then it may take, in milliseconds since 1970
 * @throws Error when it takes longer
 */
export async function checkStore(
  { options }: ImageStore,
  deadline: number,
  { isToRepair }: { readonly isToRepair: boolean },
): Promise<StoreCheck> {
  const result = await execa(
    'podman',
    [...options, 'system', 'check', ...(isToRepair ? ['--repair'] : [])],
    { timeout: Math.max(1, deadline - Date.now()), reject: false },
  )
  if (result.timedOut || result.exitCode === undefined)
    throw new Error('podman system check did not end', { cause: result })
  return { isWhole: result.exitCode === 0, damagedImages: parseDamagedImages(result.stdout) }
}

/**
 * Whether every file of an image can be read and is what it was when it was unpacked.
 *
 * @param deadline until then it may take, in milliseconds since 1970
 * @throws Error when podman could not look, which says nothing about the image
 */
export async function isReadable(
  id: string,
  { options }: ImageStore,
  deadline: number,
): Promise<boolean> {
  const args = ['image', 'save', '--quiet', id]
  const result = await execa('podman', [...options, ...args], {
    timeout: Math.max(1, deadline - Date.now()),
    stdout: 'ignore',
    reject: false,
  })
  if (result.timedOut) throw new Error(`podman image save of ${id} did not end`)
  // It unpacks each layer to read it.
  if (result.exitCode === undefined || result.stderr.includes('no space left'))
    throw failure(result, args)
  return !result.failed
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

/** The images, or the references that podman does not know when one could not be inspected. */
async function inspect(
  references: readonly string[],
  { options }: ImageStore,
): Promise<ReadonlyMap<string, StoredImage> | { readonly unknown: ReadonlySet<string> }> {
  if (references.length === 0) return new Map()
  const format = '{{.Id}} {{.Digest}} {{.RootFS.Layers}}'
  const result = await execa(
    'podman',
    [...options, 'image', 'inspect', '--format', format, '--', ...references],
    { timeout, reject: false },
  )
  if (result.timedOut || result.exitCode === undefined) throw failure(result, ['image', 'inspect'])
  const lines = result.stdout.split('\n')
  if (result.exitCode !== 0 || lines.length !== references.length)
    return { unknown: parseUnknownImages(result.stderr) }
  return new Map(
    references.flatMap((reference, index) => {
      const [id = '', digest = ''] = (lines[index] ?? '').split(' ')
      // podman also finds an image by the start of its id; that is not its name.
      return id.startsWith(reference) ? [] : [[reference, { id, digest }]]
    }),
  )
}

async function podman(args: readonly string[]): Promise<{ readonly stdout: string }> {
  const result = await execa('podman', args, { timeout, reject: false })
  if (result.failed) throw failure(result, args)
  return result
}

/** Why a call of podman gave no answer, in one line. */
function failure(
  result: {
    readonly timedOut: boolean
    readonly stderr: string
    readonly shortMessage?: string | undefined
  },
  args: readonly string[],
): Error {
  if ('code' in result && result.code === 'ENOENT')
    return new Error('podman is not there: install it, or look at PATH')
  const command = `podman ${args.filter(arg => /^[a-z]+$/u.test(arg)).join(' ')}`
  if (result.timedOut)
    return new Error(
      `${command} did not answer within ${timeout / 1000} s; another podman may hold the lock of its image store`,
    )
  return new Error(`${command}: ${parseLastError(result.stderr) ?? result.shortMessage}`)
}
