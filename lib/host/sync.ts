// units/programs/sync-store. Failure policy: every failure is an error, because unsynced data is not safe.
import { execa } from 'execa'
import type { PullFacts } from '../facts/facts.ts'
import { syncCommand } from '../render/pull-steps.ts'
import { parseLastError } from './parse-last-error.ts'

/**
 * Syncs the image store.
 *
 * @throws Error if a file system could not be synced. What it has lost is then marked on disk.
 */
export async function syncStore(facts: PullFacts): Promise<void> {
  const [program = '', ...args] = syncCommand(facts)
  const result = await execa(program, args, { timeout: 50_000, reject: false })
  if (result.failed) throw new Error(parseLastError(result.stderr) ?? result.shortMessage)
}
