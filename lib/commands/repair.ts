import type { CommandModule } from 'yargs'
import { repair } from '../staging/repair.ts'
import { requireRoot } from './require-root.ts'

export const repairCommand: CommandModule = {
  command: 'repair',
  describe: 'Remove what a power failure in the middle of a pull damaged',
  handler: async () => {
    requireRoot()
    await repair(line => process.stdout.write(`${line}\n`))
  },
}
