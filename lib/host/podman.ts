// podman: questions about itself and its image store, and the names of images. Failure policy: every failure is an
// error, but for the removal of an image that is already gone or that a container uses.
import { realpathSync } from 'node:fs'
import { execa } from 'execa'
import { unlessMissing } from '../unless-missing.ts'
import { requireSupported, type PodmanVersion } from '../facts/podman-version.ts'
import { keptStorageOptions, separateStore, type ImageStore } from '../facts/image-store.ts'
import { isOfOs } from '../root/survives-update.ts'
import { parseDamagedImages } from './parse-damaged-images.ts'
import { parseImageList } from './parse-image-list.ts'
import { podmanFailure } from './podman-failure.ts'
import { podmanLimit } from './podman-limit.ts'
import { timeLeft } from './time-left.ts'

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
    '{{.Version.Version}} {{.Store.ImageCopyTmpDir}}\n{{.Store.GraphRoot}}\n{{.Store.RunRoot}}\n{{json .Store.GraphOptions}}'
  const { stdout } = await podman([...options, 'info', '--format', format])
  const [, major, minor, temporary = '', store = '', runDirectory = '', graphOptions = ''] =
    /^(\d+)\.(\d+)\S* (.*)\n(.*)\n(.*)\n(.*)$/u.exec(stdout) ?? []
  if (major === undefined || minor === undefined)
    throw new Error(`podman info printed ${JSON.stringify(stdout)}`)
  const kept = keptStorageOptions(
    JSON.parse(graphOptions),
    path => !isOfOs(unlessMissing(() => realpathSync(path)) ?? path),
  )
  const pullOptions = kept && [...options, ...kept]
  return {
    podmanVersion: requireSupported([Number(major), Number(minor)]),
    imageStore: { directory: store, runDirectory, options, ...(pullOptions && { pullOptions }) },
    // `storage` means the store itself.
    temporaryDirectory: temporary.startsWith('/') ? temporary : store,
  }
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
    { timeout: timeLeft(deadline), reject: false },
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
    timeout: timeLeft(deadline),
    stdout: 'ignore',
    reject: false,
  })
  if (result.timedOut) throw new Error(`podman image save of ${id} did not end`)
  // It unpacks each layer to read it.
  if (result.exitCode === undefined || result.stderr.includes('no space left'))
    throw podmanFailure(result, args)
  return !result.failed
}

/** What is in a store, without a look at its layers. */
export interface StoreList {
  readonly ids: ReadonlySet<string>
  /** The id for each name, tags as well as `repository@digest`. */
  readonly names: ReadonlyMap<string, string>
}

/** Lists the images of a store and of the stores that podman adds to it, in one process. */
export async function listStore({ options }: ImageStore): Promise<StoreList> {
  const { stdout } = await podman([...options, 'image', 'list', '--all', '--format', 'json'])
  return parseImageList(stdout)
}

/** Gives an image names, each with a tag. Other images lose them. */
export async function tagImage(
  id: string,
  names: readonly string[],
  { options }: ImageStore,
): Promise<void> {
  await podman([...options, 'image', 'tag', '--', id, ...names])
}

/** Takes names away from an image, which stays even without any. */
export async function untagImage(
  id: string,
  names: readonly string[],
  { options }: ImageStore,
): Promise<void> {
  await podman([...options, 'image', 'untag', '--', id, ...names])
}

/** Of `podman image rm`: an image is not there; a container uses an image, and there can be other failures. */
const removal = { isGone: 1, isInUse: 2 } as const

/** Removes these names, and images with their last one; but no image that a container uses. As many as can be. */
export async function removeImages(names: readonly string[], store: ImageStore): Promise<void> {
  if (names.length === 0) return
  const { exitCode } = await podman(
    [...store.options, 'image', 'rm', '--', ...names],
    [0, removal.isGone, removal.isInUse],
  )
  // One by one, each tells its own failure.
  if (exitCode === removal.isInUse && names.length > 1)
    for (const name of names) await removeImages([name], store)
}

/** @param success the exit statuses that are no failure */
async function podman(
  args: readonly string[],
  success: readonly number[] = [0],
): Promise<{ readonly stdout: string; readonly exitCode: number }> {
  const result = await execa('podman', args, { timeout: podmanLimit(), reject: false })
  const { exitCode, stdout, timedOut } = result
  // One that ended while this process was busy can count as timed out; one that is told to end can end with 0.
  if (exitCode === undefined || !success.includes(exitCode) || (timedOut && stdout === ''))
    throw podmanFailure(result, args)
  return { stdout, exitCode }
}
