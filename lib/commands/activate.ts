import type { CommandModule } from 'yargs'
import { activate } from '../tags/activate.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import { requireRoot } from './require-root.ts'

export const activateCommand: CommandModule = {
  command: 'activate',
  describe: 'At boot: make the tags of the images those that the running OS was staged with',
  handler: async () => {
    requireRoot()
    // The boot waits for this command.
    limitPodman({ each: shortTimeout })
    const moves = await activate({ leavesMoved: false })
    if (moves === undefined) {
      process.stdout.write('Nothing is recorded about the running deployment.\n')
      return
    }
    for (const { id, name } of moves) process.stdout.write(`${name} is now ${id}\n`)
  },
}
