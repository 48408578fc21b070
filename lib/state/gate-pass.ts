// /run/bootc-bound-images/passed: for sha256sum(1), the checksum of the file about the staged deployment that the
// gate has let pass. Written by gate at a shutdown; read and removed by bootc-bound-images-guard.service, which else
// locks the deployment. Failure policy: every failure is an error, and nothing has passed.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { backendOf } from '../backend/host-backend.ts'
import { hostRoot, runtimeDirectory } from '../directories.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const file = join(runtimeDirectory, 'passed')

/** @param staged contents of the file about the staged deployment */
export function letPass(staged: Buffer): void {
  const hash = createHash('sha256').update(staged).digest('hex')
  writeFileSafely(file, `${hash}  /${backendOf(hostRoot).stagedFile}\n`)
}
