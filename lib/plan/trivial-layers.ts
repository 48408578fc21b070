import { sumBytes, type Layer } from './layer.ts'

/** No pull waits for a layer of no more bytes, which another one brings: an image of many has one without contents. */
export const trivialBytes = 4096

/** So much of all that is to be downloaded may come twice that way. */
export const trivialShare = 0.01

/**
 * The digests of the layers that are not worth waiting for.
 *
 * @param images the layers of each; undefined when nobody knows them
 */
export function trivialLayers(
  images: readonly (readonly Layer[] | undefined)[],
): ReadonlySet<string> {
  const layers = new Map<string, { readonly layer: Layer; holders: number }>()
  for (const own of images)
    for (const [digest, layer] of new Map(own?.map(each => [each.digest, each]))) {
      const seen = layers.get(digest)
      if (seen === undefined) layers.set(digest, { layer, holders: 1 })
      else seen.holders++
    }
  let budget = trivialShare * sumBytes([...layers.values()].map(({ layer }) => layer))
  return new Set(
    [...layers]
      .filter(([, { layer, holders }]) => layer.bytes <= trivialBytes && holders > 1)
      .toSorted(([, a], [, b]) => a.layer.bytes * a.holders - b.layer.bytes * b.holders)
      .flatMap(([digest, { layer, holders }]) => {
        budget -= layer.bytes * (holders - 1)
        return budget < 0 ? [] : [digest]
      }),
  )
}
