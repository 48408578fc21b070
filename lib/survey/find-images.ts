import type { Request } from '../request/request.ts'
import { isRecorded } from '../state/pull-records.ts'
import { storedImages, type StoredImage } from '../host/stored-images.ts'
import { suspectPulls } from '../state/unfinished-pulls.ts'
import { pendingUnitName, type Pull } from '../plan/plan-pulls.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { recordName } from '../render/pull-steps.ts'
import { wantedPlatform } from '../bound-images/platform.ts'
import type { PullFacts } from '../facts/facts.ts'
import { staysWith } from '../root/stays-with.ts'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'

/** Whether an image is safely on disk; `unverified` is one that a power failure may have damaged. */
export type Presence = 'present' | 'unverified' | 'missing'

/** An image in the store, if it is there. */
export interface FoundImage {
  readonly presence: Presence
  /** Its id. */
  readonly id: string | undefined
}

/**
 * Which images are safely on disk, asked of podman alone and in one process unless one is missing. When the
 * host went down in the middle of pulls, an image counts only with a record of the very same id, because that
 * is written after a sync.
 */
export function findImages(
  { root, plan: { pulls } }: Pick<Request, 'root' | 'plan'>,
  { imageStore }: Pick<PullFacts, 'imageStore'>,
): readonly FoundImage[] {
  const stored = storedImages(
    pulls.map(({ boundImage }) => storedName(boundImage)),
    imageStore,
  )
  const isSuspect = suspectPulls().length > 0
  const contested = contestedNames(pulls)
  return pulls.map(({ unit, boundImage }) => {
    const name = storedName(boundImage)
    const image = stored.get(name)
    if (
      image === undefined ||
      (contested.has(name) && !isFor(boundImage, image)) ||
      !willDo(boundImage, image, root, imageStore)
    )
      return { presence: 'missing', id: undefined }
    const { id } = image
    const isSafe = !isSuspect || isRecorded(recordName(unit), name, id)
    return { presence: isSafe ? 'present' : 'unverified', id }
  })
}

/**
 * Whether an image of the right name is the right one, and is still there when `root` is the running system.
 *
 * By a tag or the digest of a list, an image can be of any platform, if it says which. One with a digest of its own
 * alone is the right one in any case, and so is what a pull has brought for this very request.
 */
export function willDo(
  boundImage: BoundImage,
  image: StoredImage,
  root: string,
  { directory }: ImageStore,
): boolean {
  const name = storedName(boundImage)
  const record = recordName(pendingUnitName(boundImage, boundImage.digest))
  const isRight =
    isFor(boundImage, image) ||
    image.platform.architecture === '' ||
    (name.includes('@') && image.digests.size === 1) ||
    isRecorded(record, name, image.id)
  return isRight && image.directories.every(path => staysWith(root, path, directory))
}

/** Names by which images of several platforms are wanted; in the store, a name is that of one image. */
function contestedNames(pulls: readonly Pull[]): ReadonlySet<string> {
  const platforms = new Map<string, Set<string>>()
  for (const { boundImage } of pulls) {
    const name = storedName(boundImage)
    const wanted = platforms.get(name) ?? new Set()
    platforms.set(name, wanted.add(JSON.stringify(wantedPlatform(boundImage.options))))
  }
  return new Set([...platforms].filter(([, { size }]) => size > 1).map(([name]) => name))
}

function isFor({ options }: BoundImage, { platform }: StoredImage): boolean {
  const { os, architecture } = wantedPlatform(options)
  return platform.os === os && platform.architecture === architecture
}

/** Whether every one of them is safely on disk. */
export function areAllPresent(found: readonly FoundImage[]): boolean {
  return found.every(({ presence }) => presence === 'present')
}
