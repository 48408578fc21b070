import type { CommandModule } from 'yargs'
import { repair } from '../staging/repair.ts'
import { requireRoot } from './require-root.ts'

/** Less than the timeout of the unit, so that time is left to check the bound images one by one. */
const milliseconds = 25 * 60_000

export const repairCommand: CommandModule = {
  command: 'repair',
  describe: 'Remove what a power failure in the middle of a pull damaged',
  handler: async () => {
    requireRoot()
    await repair(line => process.stdout.write(`${line}\n`), Date.now() + milliseconds)
  },
}
