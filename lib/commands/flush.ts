import type { CommandModule } from 'yargs'
import { flush } from '../shutdown/flush.ts'
import { requireRoot } from './require-root.ts'

export const flushCommand: CommandModule = {
  command: 'flush',
  describe: 'At shutdown: pull what the staged deployment still lacks',
  handler: async () => {
    requireRoot()
    const missing = await flush(line => process.stdout.write(`${line}\n`))
    for (const image of missing) process.stderr.write(`${image} is still missing\n`)
    if (missing.length > 0) process.exitCode = 1
  },
}
