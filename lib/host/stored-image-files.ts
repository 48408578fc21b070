// What podman's store has of one image (containers/storage: images.go, layers.go). Failure policy: every failure is an
// error.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readRegularFile } from '../read-regular-file.ts'
import { storeRecords } from './store-files.ts'

/** The files of an image, as far as they say what the image is. */
export interface StoredImageFiles {
  /** Its ID, which means nothing by itself. */
  readonly id: string
  /** The digest that podman reports for it. */
  readonly digest: string
  /** Names of its files: `manifest`, `manifest-DIGEST` for each digest, and the digest of its configuration. */
  readonly names: readonly string[]
  /** Reads one of them. */
  readonly read: (name: string) => Buffer
  /**
   * Digests of the uncompressed layers, the lowest first; undefined if the store has no record of one of them, as of a
   * layer in an additional store.
   */
  readonly layers: readonly string[] | undefined
  /** ID of a layer that cannot be mounted, because a power failure has emptied files that connect the layers. */
  readonly unlinkedLayer: string | undefined
}

/** podman accepts no larger manifest or configuration (container-libs: image/internal/iolimits). */
const maxBytes = 4 * 1024 * 1024

/**
 * Finds the image with a name in a store. Reads podman's files, because podman shows only some of them.
 *
 * @param directories those of the store
 * @returns undefined if there is none, as for an image in an additional store
 */
export function findStoredImage(
  directories: readonly string[],
  name: string,
): StoredImageFiles | undefined {
  for (const { directory, record } of storeRecords(directories, 'images')) {
    const { id, names, digest, layer } = record
    if (!strings(names).includes(name)) continue
    return {
      id: word(id),
      digest: word(digest),
      names: strings(record['big-data-names']),
      read: file => readRegularFile(join(directory, word(id), fileName(file)), maxBytes),
      ...chain(directories, layer),
    }
  }
  return undefined
}

/** A layer and those below it. */
function chain(
  directories: readonly string[],
  top: unknown,
): Pick<StoredImageFiles, 'layers' | 'unlinkedLayer'> {
  const all = storeRecords(directories, 'layers').map(each => [each.record['id'], each] as const)
  const layers = new Map(all)
  const digests: string[] = []
  let unlinkedLayer: string | undefined
  for (let id = top; id !== undefined && id !== '';) {
    const layer = layers.get(id)
    // Each can be passed only once.
    layers.delete(id)
    const digest = layer?.record['diff-digest']
    if (layer === undefined || typeof digest !== 'string')
      return { layers: undefined, unlinkedLayer }
    digests.unshift(digest)
    const parent = layer.record['parent']
    if (basename(layer.directory) === 'overlay-layers' && !isLinked(directories, word(id), parent))
      unlinkedLayer = word(id)
    id = parent
  }
  return { layers: digests, unlinkedLayer }
}

/**
 * Whether a layer has its short name and those of the layers below (containers/storage: drivers/overlay). With
 * `imagestore`, the list of layers is in another directory than the layers.
 */
function isLinked(directories: readonly string[], id: string, parent: unknown): boolean {
  const names = parent === undefined || parent === '' ? ['link'] : ['link', 'lower']
  const isIn = (directory: string) =>
    names.every(name => {
      const found = statSync(join(directory, 'overlay', id, name), { throwIfNoEntry: false })
      return found !== undefined && found.size > 0
    })
  return directories.some(isIn)
}

/** The name of the file with some data of an image (containers/storage: makeBigDataBaseName). */
function fileName(name: string): string {
  return /^[a-z0-9.]+$/u.test(name) && !/^\.+$/u.test(name)
    ? name
    : `=${Buffer.from(name).toString('base64')}`
}

/** An ID or a digest. It becomes part of a path and of a line. */
function word(value: unknown): string {
  const text = String(value)
  if (!/^\w[\w:+-]*$/u.test(text))
    throw new Error(`podman's list of images has ${JSON.stringify(text)} as an ID or a digest`)
  return text
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}
