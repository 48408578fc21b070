import { fields } from '../fields.ts'

/**
 * Parses the output of `podman image list --format json`, or podman's own file about the images of a store. An image in
 * a store that podman only reads has no name that the writable store has, and none if it is there too (containers/storage:
 * store.go, Image).
 *
 * @param others IDs of images that are left out where podman only reads them
 */
export function parseImageList(
  output: string,
  others: ReadonlySet<string> = new Set(),
): {
  readonly ids: ReadonlySet<string>
  readonly names: ReadonlyMap<string, string>
} {
  const images: unknown = JSON.parse(output)
  const ids = new Set<string>()
  const names = new Map<string, string>()
  const all = (Array.isArray(images) ? images : []).map(fields)
  for (const image of [...all.filter(each => !isReadOnly(each)), ...all.filter(isReadOnly)]) {
    const { Id, Names, id = Id, names: own = Names } = image
    if (typeof id !== 'string') continue
    if (isReadOnly(image) && (others.has(id) || ids.has(id))) continue
    ids.add(id)
    for (const name of Array.isArray(own) ? own.map(String) : [])
      if (!isReadOnly(image) || !names.has(name)) names.set(name, id)
  }
  return { ids, names }
}

function isReadOnly(image: Readonly<Record<string, unknown>>): boolean {
  return image['ReadOnly'] === true
}
