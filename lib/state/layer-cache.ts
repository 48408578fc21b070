// /var/lib/bootc-bound-images/layers.json: JSON, the layers of each image in podman's store. This is a cache, because
// the layers of an image never change, and reading them costs one process per image. Written by stage, which drops the
// images that are gone; read by stage and check --online; never removed. Failure policy: an unreadable file counts as
// empty and a failed write is ignored, so skopeo is asked again.
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const file = join(stateDirectory, 'layers.json')

/** Digests of the compressed layers, by ID of the image. */
export function readLayerCache(): ReadonlyMap<string, readonly string[]> {
  try {
    const read: unknown = JSON.parse(readUnlessMissing(file) ?? '{}')
    return new Map(
      Object.entries(read ?? {}).filter((entry): entry is [string, readonly string[]] =>
        Array.isArray(entry[1]),
      ),
    )
  } catch {
    return new Map()
  }
}

/** Replaces the whole cache, so that it does not keep images that are no longer in the store. */
export function writeLayerCache(entries: Iterable<readonly [string, readonly string[]]>): void {
  const text = `${JSON.stringify(Object.fromEntries(entries))}\n`
  try {
    if (text !== readUnlessMissing(file)) writeFileSafely(file, text)
  } catch {
    // For example, the disk is full. This only costs time.
  }
}
