import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Runs the test files of a folder in this process, except the judges, which take long. A process of its own for
 * each file would take a second to start.
 */
export async function importTests(folder: string): Promise<void> {
  const files = readdirSync(folder).filter(
    name => name.endsWith('.test.ts') && !name.endsWith('.judge.test.ts'),
  )
  for (const file of files) await import(pathToFileURL(join(folder, file)).href)
}
