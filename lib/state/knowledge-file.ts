// /run/bootc-bound-images/knowledge/HASH.json: JSON, what stagings have found out about the images of a deployment.
// Written by stage, settle, wait and gate; read by all commands that plan pulls, so that they plan the same ones, even after another
// deployment was staged; removed by stage when the deployment is gone, else kept until the next boot. Failure policy:
// a file of another format counts as missing; every other failure is an error.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { listDirectory } from '../list-directory.ts'
import { formatKnowledge, parseKnowledge, type StagingKnowledge } from './parse-knowledge.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const directory = join(runtimeDirectory, 'knowledge')

/** Replaces the knowledge about a deployment. */
export function writeKnowledge(staging: StagingKnowledge): void {
  const file = join(directory, fileName(staging.deployment))
  const text = formatKnowledge(staging)
  if (text !== readUnlessMissing(file)) writeFileSafely(file, text)
}

/** @returns undefined if nothing is known about the deployment */
export function readKnowledge(deployment: string): StagingKnowledge | undefined {
  return parseKnowledge(readUnlessMissing(join(directory, fileName(deployment))) ?? '', deployment)
}

/** Deletes the knowledge about all other deployments. */
export function removeOtherKnowledge(deployments: Iterable<string>): void {
  const kept = new Set([...deployments].map(fileName))
  // Not the temporary files of other processes.
  for (const name of listDirectory(directory))
    if (name.endsWith('.json') && !kept.has(name)) rmSync(join(directory, name), { force: true })
}

/** A hash, because the name of a root that a deploy tool chose can have the maximum length of a file name. */
function fileName(deployment: string): string {
  return `${createHash('sha256').update(deployment).digest('hex')}.json`
}
