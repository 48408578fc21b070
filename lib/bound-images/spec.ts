import type { BoundImage } from './bound-image.ts'
import type { Fault } from '../text/fault.ts'

/** The images and the faults of a spec. */
export interface Spec {
  readonly boundImages: readonly BoundImage[]
  readonly faults: readonly Fault[]
}

export const none: Spec = { boundImages: [], faults: [] }

/** Nobody reads more faults than this, and a file can have tens of thousands. */
const maxFaults = 1000

export function together(specs: readonly Spec[]): Spec {
  const faults: Fault[] = []
  for (const spec of specs) faults.push(...spec.faults.slice(0, maxFaults - faults.length))
  return { boundImages: specs.flatMap(({ boundImages }) => boundImages), faults }
}

/** Says where the images and faults are of which nothing is said yet. */
export function inFile(file: string, { boundImages, faults }: Spec): Spec {
  return {
    boundImages: boundImages.map(image =>
      image.origin.file === undefined ? { ...image, origin: { ...image.origin, file } } : image,
    ),
    faults: faults.map(fault => (fault.file === undefined ? { ...fault, file } : fault)),
  }
}
