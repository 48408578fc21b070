/** The section that Quadlet reads in a file of each kind. Only the kinds that name images. */
export const sectionOf = {
  image: 'Image',
  container: 'Container',
  kube: 'Kube',
  pod: 'Pod',
  volume: 'Volume',
  artifact: 'Artifact',
} as const

/** The kinds of Quadlet files that name images, or files that do. Each kind is a file name extension. */
export type QuadletKind = keyof typeof sectionOf

/** @returns undefined for other files */
export function quadletKind(fileName: string): QuadletKind | undefined {
  const extension = fileName.slice(fileName.lastIndexOf('.') + 1)
  return isKind(extension) && fileName.includes('.') ? extension : undefined
}

function isKind(extension: string): extension is QuadletKind {
  return Object.hasOwn(sectionOf, extension)
}
