/** The kinds of Quadlet files with images. Each kind is a file name extension. */
export type QuadletKind = 'image' | 'container' | 'kube'

/** The section that Quadlet reads in a file of each kind. */
export const sectionOf = { image: 'Image', container: 'Container', kube: 'Kube' } as const
