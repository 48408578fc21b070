import { fields } from '../fields.ts'

/** Parses the output of `podman image list --format json`, or podman's own file about the images of a store. */
export function parseImageList(output: string): {
  readonly ids: ReadonlySet<string>
  readonly names: ReadonlyMap<string, string>
} {
  const images: unknown = JSON.parse(output)
  const ids = new Set<string>()
  const names = new Map<string, string>()
  for (const image of Array.isArray(images) ? images : []) {
    const { Id, Names, id = Id, names: all = Names } = fields(image)
    if (typeof id !== 'string') continue
    ids.add(id)
    for (const name of Array.isArray(all) ? all : []) names.set(String(name), id)
  }
  return { ids, names }
}
