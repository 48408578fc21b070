import { basename, join } from 'node:path'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { readRecord, readRecords, rememberActivated } from '../host/deployment-records.ts'
import { withLock } from '../host/flock.ts'
import { tagImages } from '../host/podman-service.ts'
import { listStore } from '../host/podman.ts'
import { tagMoves, type Tagging } from '../plan/tag-moves.ts'
import { pullFacts } from '../request/host-facts.ts'
import { deploymentDirectory } from '../root/deployments.ts'

/**
 * Makes the tags of the store those of the running deployment: a floating tag means what it meant when the
 * deployment was staged, also after a rollback. Needs no network.
 *
 * @returns the names that were given, or undefined when nothing is recorded about the deployment
 */
export function activate(): Promise<readonly Tagging[] | undefined> {
  return withLock(join(runtimeDirectory, 'lock'), async () => {
    const deployment = basename(deploymentDirectory(hostRoot, hostRoot))
    const record = readRecord(deployment)
    if (record === undefined) return undefined
    const { imageStore } = await pullFacts()
    const { names } = await listStore(imageStore)
    const needed = new Set(readRecords().flatMap(({ images }) => images.map(({ id }) => id)))
    const moves = tagMoves(record.images, names, needed)
    await tagImages(moves, imageStore)
    rememberActivated(deployment)
    return moves
  })
}
