// The layers of images in podman's store, which never change and take a process for each image to ask. Failure
// policy: what cannot be read or written is asked again.
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from './write-file-safely.ts'

const file = join(stateDirectory, 'layers.json')

/** Compressed digests by id of the image. */
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

/** Replaces it all: what is not in the store any more is forgotten. */
export function writeLayerCache(entries: Iterable<readonly [string, readonly string[]]>): void {
  const text = `${JSON.stringify(Object.fromEntries(entries))}\n`
  try {
    if (text !== readUnlessMissing(file)) writeFileSafely(file, text)
  } catch {
    // A full disk, for example: it only costs time.
  }
}
