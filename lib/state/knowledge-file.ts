// What stagings have found out about the images of each deployment, kept for this boot: whoever asks what a
// deployment wants then plans the same pulls, also when another one was staged since. Failure policy: every failure is
// an error; a file of another kind is none.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { listDirectory } from '../list-directory.ts'
import { formatKnowledge, parseKnowledge, type StagingKnowledge } from './parse-knowledge.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from './write-file-safely.ts'

const directory = join(runtimeDirectory, 'knowledge')

/** Replaces what was known of the deployment. */
export function writeKnowledge(staging: StagingKnowledge): void {
  const file = join(directory, fileName(staging.deployment))
  const text = formatKnowledge(staging)
  if (text !== readUnlessMissing(file)) writeFileSafely(file, text)
}

/** @returns undefined when nothing is known about the deployment */
export function readKnowledge(deployment: string): StagingKnowledge | undefined {
  return parseKnowledge(readUnlessMissing(join(directory, fileName(deployment))) ?? '', deployment)
}

/** Forgets all deployments but these. */
export function removeOtherKnowledge(deployments: Iterable<string>): void {
  const kept = new Set([...deployments].map(fileName))
  for (const name of listDirectory(directory)) if (!kept.has(name)) rmSync(join(directory, name))
}

/** The name of a root that a deploy tool names can be as long as a file name may be. */
function fileName(deployment: string): string {
  return `${createHash('sha256').update(deployment).digest('hex')}.json`
}
