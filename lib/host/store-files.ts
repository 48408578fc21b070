// The files in which podman keeps what it knows about a store (containers/storage: layers.go, images.go). Failure policy:
// every failure is an error, but for a manifest.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fields } from '../fields.ts'
import { listDirectory } from '../list-directory.ts'

/**
 * The layers of other stores upon which images and containers of a store are built.
 *
 * @param directories those of the store
 */
export function borrowedLayers(directories: readonly string[]): ReadonlySet<string> {
  const recordsOf = (kind: 'layers' | 'images') =>
    storeRecords(directories, kind).map(({ record }) => record)
  const layers = recordsOf('layers')
  const own = new Set(layers.map(({ id }) => id))
  const used = [...layers, ...recordsOf('images')].flatMap(record => [
    record['parent'],
    record['layer'],
    ...(Array.isArray(record['mapped-layers']) ? record['mapped-layers'] : []),
  ])
  return new Set(used.filter(id => typeof id === 'string' && id !== '' && !own.has(id)).map(String))
}

/**
 * The digests of the compressed layers of an image, as its manifest says: podman cannot inspect an image whose layers are
 * damaged.
 *
 * @param directories those of the store
 * @returns none if the manifest cannot be read
 */
export function manifestLayers(directories: readonly string[], id: string): readonly string[] {
  return directories.flatMap(directory =>
    listDirectory(directory)
      .filter(name => name.endsWith('-images'))
      .flatMap(name => {
        try {
          const text = readFileSync(join(directory, name, id, 'manifest'), 'utf8')
          const { layers } = fields(JSON.parse(text))
          return (Array.isArray(layers) ? layers : []).map(layer => String(fields(layer)['digest']))
        } catch {
          return []
        }
      }),
  )
}

/**
 * The entries of podman's lists of layers or images, with the directory of each list. Layers of containers can be in a
 * list of their own.
 */
export function storeRecords(directories: readonly string[], kind: 'layers' | 'images') {
  return directories.flatMap(directory =>
    listDirectory(directory)
      .filter(name => name.endsWith(`-${kind}`))
      .map(name => join(directory, name))
      .flatMap(list => {
        const files = listDirectory(list).filter(file => file.endsWith('.json'))
        return files.flatMap(file => {
          const all: unknown = JSON.parse(readFileSync(join(list, file), 'utf8'))
          return (Array.isArray(all) ? all : []).map(each => ({
            directory: list,
            record: fields(each),
          }))
        })
      }),
  )
}
