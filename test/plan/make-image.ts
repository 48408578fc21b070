import type { BoundImage } from '../../lib/bound-images/bound-image.ts'

/** A bound image of which only the identity matters. */
export function makeImage(identity: string): BoundImage {
  return {
    image: 'quay.io/x/a:1',
    name: 'quay.io/x/a:1',
    identity,
    globalOptions: [],
    options: [],
    origin: {},
  }
}
