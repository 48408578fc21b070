// podman: facts about itself and its image store, and the names of images. Failure policy: every failure is an error,
// except that an image to remove may be gone already or in use by a container.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { listDirectory } from '../list-directory.ts'
import { requireSupported, type PodmanVersion } from '../facts/podman-version.ts'
import {
  hasAdditionalStores,
  pullStorageOptions,
  separateStore,
  type ImageStore,
} from '../facts/image-store.ts'
import { hostRoot } from '../directories.ts'
import { DeploymentFiles } from '../root/deployment-files.ts'
import { readStorageConfiguration } from '../root/storage-configuration.ts'
import { parseDamagedImages } from './parse-damaged-images.ts'
import { parseImageList } from './parse-image-list.ts'
import { podmanFailure } from './podman-failure.ts'
import { podmanLimit } from './podman-limit.ts'
import { timeLeft } from './time-left.ts'

/** The podman of this host. */
export interface Podman {
  readonly podmanVersion: PodmanVersion
  /** With all numbers, like `5.4.2`. */
  readonly podmanRelease: string
  /** The store into which images are pulled. */
  readonly imageStore: ImageStore
  /** Directory in which podman keeps the blobs of a pull until it has unpacked them. */
  readonly temporaryDirectory: string
}

/**
 * Reads the facts about podman. This fails if podman cannot open its store. It must, because such a podman reports
 * every image as missing.
 *
 * @param directory root directory of a separate store; undefined for podman's default store
 */
export async function readPodman(directory?: string): Promise<Podman> {
  const options = directory === undefined ? [] : separateStore(directory).options
  const format =
    '{{.Version.Version}} {{.Store.ImageCopyTmpDir}}\n{{.Store.GraphRoot}}\n{{.Store.RunRoot}}\n{{.Store.GraphDriverName}}\n{{json .Store.GraphOptions}}'
  const { stdout } = await podman([...options, 'info', '--format', format])
  const [, release, temporary = '', store = '', runDirectory = '', driver = '', graph = ''] =
    /^(\d+\.\d+\S*) (.*)\n(.*)\n(.*)\n(.*)\n(.*)$/u.exec(stdout) ?? []
  const [major, minor] = release?.split('.') ?? []
  if (release === undefined) throw new Error(`podman info printed ${JSON.stringify(stdout)}`)
  const podmanVersion = requireSupported([Number(major), Number.parseInt(minor ?? '', 10)])
  const storage = { graphOptions: JSON.parse(graph) as unknown, driver, version: podmanVersion }
  const own = pullStorageOptions(storage)
  // podman info does not report it.
  const imageDirectory =
    directory === undefined
      ? readStorageConfiguration(new DeploymentFiles(hostRoot)).imageStore
      : undefined
  return {
    podmanVersion,
    podmanRelease: release,
    imageStore: {
      directory: store,
      ...(imageDirectory !== undefined && { imageDirectory }),
      runDirectory,
      options,
      ...(own && { pullOptions: [...options, ...own] }),
      hasAdditionalStores: hasAdditionalStores(storage),
    },
    // podman prints `storage` for the store itself.
    temporaryDirectory: temporary.startsWith('/') ? temporary : store,
  }
}

/** The result of a check for which podman reads its whole store. */
export interface StoreCheck {
  readonly isWhole: boolean
  /** IDs of the damaged images. There can also be damaged layers that no image uses. */
  readonly damagedImages: readonly string[]
}

/**
 * Checks the store, and removes damaged images and layers if `isToRepair` is set. Needs podman 5.2. Does not use
 * `--quick`, with which podman 5.8 does not notice an emptied file.
 *
 * @param deadline in milliseconds since 1970
 * @throws Error if it takes longer
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
 * Whether every file of an image can be read and is unchanged since it was unpacked.
 *
 * @param deadline in milliseconds since 1970
 * @throws Error if podman could not check, which says nothing about the image
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
  // podman unpacks each layer to read it, and lack of space says nothing about the image.
  if (result.exitCode === undefined || result.stderr.includes('no space left'))
    throw podmanFailure(result, args)
  return !result.failed
}

/** The images of a store. Their layers were not checked. */
export interface StoreList {
  readonly ids: ReadonlySet<string>
  /** The ID for each name. Names are tags and `repository@digest`. */
  readonly names: ReadonlyMap<string, string>
}

/**
 * Lists the images of a store and of the stores that podman adds to it, in one process. One damaged image makes podman
 * list none. Then this reads podman's own file (containers/storage: images.go), which has those of the store itself.
 *
 * @param others IDs of images that are left out where podman only reads them
 */
export async function listStore(
  store: ImageStore,
  others?: ReadonlySet<string>,
): Promise<StoreList> {
  try {
    const args = ['image', 'list', '--all', '--format', 'json']
    const { stdout } = await podman([...store.options, ...args])
    return parseImageList(stdout, others)
  } catch (error) {
    const directory = store.imageDirectory ?? store.directory
    const file = listDirectory(directory).find(name => name.endsWith('-images'))
    if (file === undefined) throw error
    return parseImageList(readFileSync(join(directory, file, 'images.json'), 'utf8'))
  }
}

/** Adds names to an image, each with a tag. Other images lose these names. */
export async function tagImage(
  id: string,
  names: readonly string[],
  { options }: ImageStore,
): Promise<void> {
  await podman([...options, 'image', 'tag', '--', id, ...names])
}

/** Removes names from an image. The image stays, even without a name. */
export async function untagImage(
  id: string,
  names: readonly string[],
  { options }: ImageStore,
): Promise<void> {
  await podman([...options, 'image', 'untag', '--', id, ...names])
}

/** Exit statuses of `podman image rm`. With `isInUse`, other images may have failed for other reasons. */
const removal = { isGone: 1, isInUse: 2 } as const

/** Removes names, and an image with its last name. Skips images that a container uses. */
export async function removeImages(names: readonly string[], store: ImageStore): Promise<void> {
  if (names.length === 0) return
  const { exitCode } = await podman(
    [...store.options, 'image', 'rm', '--', ...names],
    [0, removal.isGone, removal.isInUse],
  )
  // Remove them one by one, so that each command reports its own failure.
  if (exitCode === removal.isInUse && names.length > 1)
    for (const name of names) await removeImages([name], store)
}

/** Removes a name of an artifact; podman removes the artifact with its last one. */
export async function removeArtifact(name: string, { options }: ImageStore): Promise<void> {
  await podman([...options, 'artifact', 'rm', '--', name])
}

/** @param success exit statuses that are not a failure */
async function podman(
  args: readonly string[],
  success: readonly number[] = [0],
): Promise<{ readonly stdout: string; readonly exitCode: number }> {
  const result = await execa('podman', args, { timeout: podmanLimit(), reject: false })
  const { exitCode, stdout, timedOut } = result
  // A podman that ended while this process was busy can count as timed out. A terminated one can exit with status 0.
  if (exitCode === undefined || !success.includes(exitCode) || (timedOut && stdout === ''))
    throw podmanFailure(result, args)
  return { stdout, exitCode }
}
