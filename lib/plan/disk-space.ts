import type { Layer } from './layer.ts'

/** A directory that a pull writes to, and the free bytes on its file system. */
export interface FreeSpace {
  readonly path: string
  readonly bytes: number
}

/** Whether pulls fit on disk, for people. */
export interface SpaceVerdict {
  /** The images cannot fit. */
  readonly refusal?: string
  /** The images may not fit. */
  readonly warning?: string
}

/** Unpacked size of layers, relative to the compressed size. An estimate: manifests do not contain it. */
const unpackedFactor = 3

/**
 * Compares the download size with the free space of two directories. The store gets every layer unpacked. The
 * temporary directory of podman holds compressed layers until they are unpacked. Unpacked files take at least
 * about as much space as compressed ones, so a store with less space is certain to be too small.
 *
 * @param images the layers of each image; a layer of several images is stored once
 */
export function judgeSpace(
  images: readonly (readonly Layer[])[],
  store: FreeSpace,
  temporary: FreeSpace,
): SpaceVerdict {
  const { needed, biggest } = sizesOf(images.flat())
  if (needed > store.bytes)
    return {
      refusal: `the bound images to pull are ${formatBytes(needed)} compressed and need more space when unpacked, but ${free(store)}`,
    }
  if (biggest > temporary.bytes)
    return {
      refusal: `the largest layer to pull is ${formatBytes(biggest)}, but ${free(temporary)}`,
    }
  if (needed * unpackedFactor > store.bytes)
    return {
      warning: `the bound images to pull are ${formatBytes(needed)} compressed and may need ${formatBytes(needed * unpackedFactor)} when unpacked, but ${free(store)}`,
    }
  return {}
}

/**
 * Why an image cannot fit even if it is the only one that is pulled. A manifest can claim any size, so such an image must
 * not stop the others.
 *
 * @returns the reason, for people; undefined if the image may fit
 */
export function whyNoRoom(
  layers: readonly Layer[],
  store: FreeSpace,
  temporary: FreeSpace,
): string | undefined {
  const { needed, biggest } = sizesOf(layers)
  if (needed > store.bytes)
    return `it is ${formatBytes(needed)} compressed and needs more space when unpacked, but ${free(store)}`
  if (biggest > temporary.bytes)
    return `its largest layer is ${formatBytes(biggest)}, but ${free(temporary)}`
  return undefined
}

/** Counts a layer that occurs twice once. */
function sizesOf(layers: readonly Layer[]) {
  const sizes = new Map(layers.map(({ digest, bytes }) => [digest, bytes]))
  let [needed, biggest] = [0, 0]
  for (const bytes of sizes.values()) [needed, biggest] = [needed + bytes, Math.max(biggest, bytes)]
  return { needed, biggest }
}

function free({ path, bytes }: FreeSpace): string {
  return `${path} has only ${formatBytes(bytes)} free`
}

/** Formats bytes with decimal units, like podman. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [value, index] = [bytes, 0]
  while (value >= 999.5 && index < units.length - 1) [value, index] = [value / 1000, index + 1]
  return `${value < 10 && index > 0 ? value.toFixed(1) : Math.round(value)} ${units[index]}`
}
