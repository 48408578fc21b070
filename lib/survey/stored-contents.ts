import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { artifactStore, type ImageStore } from '../facts/image-store.ts'
import { isArtifactComplete, listArtifacts } from '../host/artifact-store.ts'
import { storedImages, type StoredImage } from '../host/stored-images.ts'

/** The stores in which bound images can be. */
export interface Stores {
  readonly imageStore: ImageStore
  readonly otherStore?: ImageStore | undefined
}

/**
 * Finds out which bound images are on disk, and whole as far as podman can tell; of an artifact, whether each file is there
 * with its size.
 *
 * @returns what is there, by `identity`
 */
export async function storedContents(
  wanted: readonly BoundImage[],
  stores: Stores,
): Promise<ReadonlyMap<string, StoredImage>> {
  const names = wanted.filter(({ isArtifact }) => !isArtifact).map(storedName)
  const images = await storedImages(names, stores.imageStore)
  const artifacts = wanted.some(({ isArtifact }) => isArtifact)
    ? listArtifacts(artifactStore(stores)).names
    : new Map<string, string>()
  return new Map(
    wanted.flatMap(boundImage => {
      const name = storedName(boundImage)
      const image = boundImage.isArtifact
        ? storedArtifact(artifacts.get(name), artifactStore(stores))
        : images.get(name)
      return image === undefined ? [] : [[boundImage.identity, image]]
    }),
  )
}

function storedArtifact(id: string | undefined, store: ImageStore): StoredImage | undefined {
  if (id === undefined || !isArtifactComplete(id, store)) return undefined
  const digests = new Set([`sha256:${id}`])
  return { id, digests, platform: { os: '', architecture: '' }, directories: [] }
}
