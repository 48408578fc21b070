// Adds and removes names of images in podman's store. Failure policy: a failure for one image does not stop the others;
// all failures together are one error.
import { tagImage, untagImage } from '../host/podman.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { describeError } from '../text/describe-error.ts'
import { addGivenNames } from '../state/given-names.ts'
import { namesByImage, type Tagging } from './tag-moves.ts'

/** Adds names to images, one image at a time, and notes that they are ours. Other images lose these names. */
export function giveNames(taggings: readonly Tagging[], store: ImageStore): Promise<void> {
  addGivenNames(taggings)
  return changeNames(taggings, (id, names) => tagImage(id, names, store))
}

/** Removes names from images. The images stay. */
export function takeNames(taggings: readonly Tagging[], store: ImageStore): Promise<void> {
  return changeNames(taggings, (id, names) => untagImage(id, names, store))
}

async function changeNames(
  taggings: readonly Tagging[],
  change: (id: string, names: readonly string[]) => Promise<void>,
): Promise<void> {
  const failures: string[] = []
  for (const [id, names] of namesByImage(taggings))
    try {
      await change(id, names)
    } catch (error) {
      failures.push(`${names.join(' ')} of image ${id}: ${describeError(error)}`)
    }
  if (failures.length > 0) throw new Error(failures.join('\n'))
}
