import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { wantedPlatform } from '../bound-images/platform.ts'
import type { ImageStore } from '../facts/image-store.ts'
import type { StoredImage } from '../host/stored-images.ts'
import { pendingUnitName } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import { survivesUpdate } from '../root/survives-update.ts'
import { isRecorded } from '../state/pull-records.ts'

/**
 * Why an image of the right name cannot be used: it is for another platform, or not there when `root` is the running
 * system.
 *
 * By a tag or the digest of a list, an image can be of any platform, if it says which. One with a digest of its own
 * alone is the right one in any case, and so is what a pull has brought for this very request.
 *
 * @returns for people; undefined when it can be used
 */
export function whyUnusable(
  boundImage: BoundImage,
  image: StoredImage,
  root: string,
  { directory }: ImageStore,
): string | undefined {
  const name = storedName(boundImage)
  const record = recordName(pendingUnitName(boundImage, boundImage.digest))
  const isRight =
    isForPlatform(boundImage, image) ||
    image.platform.architecture === '' ||
    (name.includes('@') && image.digests.size === 1) ||
    isRecorded(record, name, image.id)
  if (!isRight) return `the image of this name is ${otherPlatform(boundImage, image)}`
  const gone = image.directories.find(path => !survivesUpdate(root, path, directory))
  return gone && `it is in a store of the running OS that the next OS lacks: ${storeOf(gone)}`
}

/** Whether an image is for the platform that it is wanted for, as far as it says. */
export function isForPlatform({ options }: BoundImage, { platform }: StoredImage): boolean {
  const { os, architecture } = wantedPlatform(options)
  return platform.os === os && platform.architecture === architecture
}

/** For people. */
export function otherPlatform({ options }: BoundImage, { platform }: StoredImage): string {
  const { os, architecture } = wantedPlatform(options)
  return `for ${platform.os}/${platform.architecture}, not ${os}/${architecture}`
}

/** The root directory of the store that a layer is in (containers/storage: drivers/overlay). */
function storeOf(layer: string): string {
  return layer.replace(/\/overlay\/.*$/u, '')
}
