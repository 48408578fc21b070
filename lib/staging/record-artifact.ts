import { rmSync } from 'node:fs'
import { damagedFiles, isArtifactComplete, listArtifacts } from '../host/artifact-store.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { recordArtifact } from '../state/pull-records.ts'
import { clearMarks } from '../state/unfinished-pulls.ts'

/**
 * Records that the pull of an artifact has put it on disk, and removes the mark of the pull. Reads all files back: podman
 * takes over those that it has, without a look at what is in them. Removes damaged files, so that the next attempt downloads
 * them.
 *
 * @param name see `recordName`
 * @param artifact its name in the store
 * @throws Error if it is not there or damaged
 */
export async function checkAndRecord(
  name: string,
  artifact: string,
  store: ImageStore,
): Promise<void> {
  const id = listArtifacts(store).names.get(artifact)
  if (id === undefined)
    throw new Error(`the pull ended well, but podman has no artifact ${artifact}`)
  const damaged = await damagedFiles(id, store)
  for (const path of damaged) rmSync(path, { force: true })
  if (damaged.length > 0)
    throw new Error(
      `the artifact ${artifact} is damaged, as after a power failure; its damaged files are removed, so that the next attempt downloads them`,
    )
  if (!isArtifactComplete(id, store))
    throw new Error(
      `the manifest of the artifact ${artifact} cannot be read, so nothing is known about its files`,
    )
  recordArtifact(name, artifact, id)
  if (process.env['KEEP_MARK'] === undefined) clearMarks([name])
}
