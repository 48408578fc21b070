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
    const moves = await activate({ leavesMoved: false, isEarly: true })
    // If the store is mounted later, they are set then.
    const lines =
      typeof moves === 'string' ? [moves] : moves.map(({ id, name }) => `${name} is now ${id}`)
    for (const line of lines) process.stdout.write(`${line}\n`)
  },
}
