import { type Layer, makeLayer } from '../../lab/lab.ts'

/** Images to pull, and what of them is there before. */
export interface Workload {
  readonly name: string
  /** The layers of each image, the base first. */
  readonly images: readonly (readonly Layer[])[]
  /** The same for an earlier version of them, that is there; empty when nothing is. */
  readonly before: readonly (readonly Layer[])[]
}

const MB = 1_000_000
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))
const layer = (bytes: number) => makeLayer({ bytes })

/** What is measured. The sizes are those of small services, but for the last two; what counts is who shares what. */
export function makeWorkloads(): readonly Workload[] {
  const base = layer(40 * MB)
  const largeBase = layer(200 * MB)
  const bases = times(3, () => layer(10 * MB))
  const chain = times(8, () => layer(5 * MB))
  const settled = times(8, () => [base, layer(MB)])
  const fresh = (name: string, images: Workload['images']) => ({ name, images, before: [] })
  return [
    fresh('1 image of 20 MB', [[layer(20 * MB)]]),
    fresh(
      '8 images of 5 MB, nothing shared',
      times(8, () => [layer(5 * MB)]),
    ),
    fresh(
      '8 images on a base of 40 MB',
      times(8, () => [base, layer(MB)]),
    ),
    fresh(
      '8 images, each on the one before',
      times(8, index => chain.slice(0, index + 1)),
    ),
    fresh(
      '32 images on three bases of 10 MB',
      times(32, index => [bases[index % 3] ?? base, layer(200_000)]),
    ),
    fresh(
      '32 small images',
      times(32, () => [layer(40_000), layer(40_000)]),
    ),
    {
      name: '8 images, one byte of one changed',
      images: [...settled.slice(0, -1), [base, layer(MB)]],
      before: settled,
    },
    { name: '32 images, all there', ...same(times(32, () => [layer(40_000)])) },
    fresh('1 image of 200 MB', [[largeBase]]),
    fresh(
      '8 images on a base of 200 MB',
      times(8, () => [largeBase, layer(2 * MB)]),
    ),
  ]
}

function same(images: Workload['images']): Pick<Workload, 'images' | 'before'> {
  return { images, before: images }
}

/** The bytes that somebody who downloads each missing layer once downloads. */
export function missingBytes({ images, before }: Workload): number {
  const there = new Set(before.flat().map(({ digest }) => digest))
  const missing = new Map(images.flat().map(each => [each.digest, each.data.length]))
  return [...missing].reduce((sum, [digest, bytes]) => sum + (there.has(digest) ? 0 : bytes), 0)
}
