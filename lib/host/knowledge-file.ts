// What staging has found out about the images of one deployment, kept for this boot: whoever asks what the
// deployment wants then plans the same pulls. Failure policy: every failure is an error; a file of another kind is
// none.
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import { formatKnowledge, parseKnowledge, type StagingKnowledge } from '../plan/parse-knowledge.ts'
import { readIfThere } from './read-if-there.ts'
import { writeFileSafely } from './write-file-safely.ts'

const file = join(runtimeDirectory, 'knowledge.json')

/** Replaces what was known. */
export function writeKnowledge(staging: StagingKnowledge): void {
  const text = formatKnowledge(staging)
  if (text !== readIfThere(file)) writeFileSafely(file, text)
}

/** @returns undefined when nothing is known about the deployment */
export function readKnowledge(deployment: string): StagingKnowledge | undefined {
  return parseKnowledge(readIfThere(file) ?? '', deployment)
}
