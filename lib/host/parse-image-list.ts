import { fields } from '../fields.ts'

/**
 * Parses the output of `podman image list --format json`, or podman's own file about the images of a store.
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
  for (const image of Array.isArray(images) ? images : []) {
    const { Id, Names, id = Id, names: all = Names, ReadOnly } = fields(image)
    if (typeof id !== 'string' || (ReadOnly === true && others.has(id))) continue
    ids.add(id)
    for (const name of Array.isArray(all) ? all : []) names.set(String(name), id)
  }
  return { ids, names }
}
