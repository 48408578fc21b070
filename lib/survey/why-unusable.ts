import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { wantedPlatform } from '../bound-images/platform.ts'
import { realpathSync } from 'node:fs'
import type { Request } from '../request/request.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { StoredImage } from '../host/stored-images.ts'
import { pendingUnitName } from '../plan/plan-pulls.ts'
import { recordName } from '../render/pull-steps.ts'
import { survivesUpdate } from '../root/survives-update.ts'
import { isRecorded } from '../state/pull-records.ts'

/**
 * Why a stored image with the right name cannot be used: it is for another platform, or the next deployment
 * will not find it.
 *
 * A tag or the digest of a manifest list can refer to an image for any platform. Three images are right in any case:
 * one that names no architecture, one that has only its own digest, and one that a pull has recorded for this spec.
 *
 * @returns the reason, for people; undefined if the image can be used
 */
export function whyUnusable(
  boundImage: BoundImage,
  image: StoredImage,
  request: Pick<Request, 'root' | 'store'>,
): string | undefined {
  if (request.store?.obstacle !== undefined) return request.store.obstacle
  const name = storedName(boundImage)
  const record = recordName(pendingUnitName(boundImage, boundImage.digest))
  const isRight =
    isForPlatform(boundImage, image) ||
    image.platform.architecture === '' ||
    (name.includes('@') && image.digests.size === 1) ||
    isRecorded(record, name, image.id)
  if (!isRight) return `the image of this name is ${otherPlatform(boundImage, image)}`
  const gone = image.directories.find(path => !isKept(path, request))
  return (
    gone && `it is only in an additional image store that the next OS may lack: ${storeOf(gone)}`
  )
}

/**
 * Whether the next deployment will have the directory of a layer. What others keep in an additional store is theirs to
 * remove, unless it is part of an OS image.
 */
function isKept(path: string, { root, store }: Pick<Request, 'root' | 'store'>): boolean {
  const real = unlessMissing(() => realpathSync(path)) ?? path
  const isIn = (directory: string) => real.startsWith(`${directory}/`)
  if (store === undefined || store.own.some(isIn)) return true
  return store.additional.some(isIn) && survivesUpdate(root, real)
}

/** Whether an image says that it is for the wanted platform. */
export function isForPlatform({ options }: BoundImage, { platform }: StoredImage): boolean {
  const { os, architecture } = wantedPlatform(options)
  return platform.os === os && platform.architecture === architecture
}

/** Says for people which platform an image is for, and which one is wanted. */
export function otherPlatform({ options }: BoundImage, { platform }: StoredImage): string {
  const { os, architecture } = wantedPlatform(options)
  return `for ${platform.os}/${platform.architecture}, not ${os}/${architecture}`
}

/** The root directory of the store of a layer (containers/storage: drivers/overlay). */
function storeOf(layer: string): string {
  return layer.replace(/\/overlay\/.*$/u, '')
}
