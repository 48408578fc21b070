import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { CommandModule } from 'yargs'
import { checkGate } from '../gate/check-gate.ts'
import { locateStagedRoot } from '../root/staged-deployment.ts'
import { hostRoot } from '../directories.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
}

export const gateCommand: CommandModule<object, Options> = {
  command: 'gate',
  describe: 'Exit 0 only when every bound image of the staged deployment is on disk',
  builder: parser =>
    parser.option('root', {
      type: 'string',
      requiresArg: true,
      describe: 'Directory of the deployment (default: the staged one)',
    }),
  handler: async options => {
    requireRoot()
    const root =
      options.root === undefined ? locateStagedRoot(hostRoot) : realpathSync(options.root)
    if (root === undefined) {
      process.stdout.write('No deployment is staged.\n')
      return
    }
    const deployment = basename(root)
    const { mayFinalize, images } = await checkGate(root, deployment)
    if (mayFinalize) {
      process.stdout.write(`Every bound image of ${deployment} is on disk.\n`)
      return
    }
    for (const { image, state, why } of images)
      process.stderr.write(
        `${image ?? 'broken spec'}: ${[state, why].filter(Boolean).join(': ')}\n`,
      )
    process.stderr.write(`${deployment} must not become the default: bound images are missing\n`)
    process.exitCode = 1
  },
}
