import type { CommandModule } from 'yargs'
import { hostRoot } from '../directories.ts'
import { answer } from '../shutdown/answer.ts'
import { isLocked, locateStagedRoot } from '../root/staged-deployment.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
  readonly merged: boolean
  readonly 'at-shutdown': boolean
}

export const gateCommand: CommandModule<object, Options> = {
  command: 'gate',
  describe: 'Say whether the staged deployment may become the default: exit 0 when it may',
  builder: parser =>
    parser
      .option('root', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory of the deployment (default: the staged one)',
      })
      .option('merged', {
        type: 'boolean',
        default: false,
        describe: 'The deployment is finalized already: its /etc is what it will see',
      })
      .option('at-shutdown', {
        type: 'boolean',
        default: false,
        describe: 'Record the answer for the next boot',
      }),
  handler: async ({ root: givenRoot, merged, 'at-shutdown': isFinal }) => {
    requireRoot()
    const root = givenRoot ?? locateStagedRoot(hostRoot)
    if (root === undefined) {
      process.stdout.write('No deployment is staged.\n')
      return
    }
    if (isFinal && givenRoot === undefined && isLocked(hostRoot)) {
      process.stdout.write('The staged deployment is locked, so ostree does not finalize it.\n')
      return
    }
    const mayFinalize = await answer(root, { isMerged: merged, isFinal })
    if (!mayFinalize) process.exitCode = 1
  },
}
