/** The kinds of Quadlet files that bring images; each is the ending of the file's name. */
export type QuadletKind = 'image' | 'container' | 'kube'

/** The section that Quadlet reads in a file of each kind. */
export const sectionOf = { image: 'Image', container: 'Container', kube: 'Kube' } as const
