import { basename } from 'node:path'
import type { CommandModule } from 'yargs'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { checkGate } from '../gate/check-gate.ts'
import { endAfter } from '../gate/end-after.ts'
import { forgetRefusal } from '../gate/refusal.ts'
import { describeReport } from '../gate/survey-images.ts'
import { describeError } from '../describe-error.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { locateStagedRoot } from '../root/staged-deployment.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
  readonly merged: boolean
}

export const gateCommand: CommandModule<object, Options> = {
  command: 'gate',
  describe: 'Exit 0 only when every bound image of the staged deployment is on disk',
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
      }),
  handler: async ({ root: givenRoot, merged }) => {
    requireRoot()
    const { settings } = readSettings(hostRoot)
    if (settings.gate === 'off') {
      process.stdout.write('The gate is off (Gate=off).\n')
      return
    }
    const root = givenRoot ?? locateStagedRoot(hostRoot)
    if (root === undefined) {
      process.stdout.write('No deployment is staged.\n')
      return
    }
    const deployment = basename(deploymentDirectory(hostRoot, root))
    const isRequired = settings.gate === 'require'
    if (isRequired) endAfter(settings.gateTimeoutSec, 'GateTimeoutSec=', deployment)
    try {
      if (await decide(root, deployment, merged)) return
    } catch (error) {
      if (isRequired) throw error
      process.stderr.write(`${describeError(error)}\n`)
    }
    if (isRequired) {
      process.stderr.write(`${deployment} must not become the default: bound images are missing\n`)
      process.exitCode = 1
    } else {
      forgetRefusal()
      process.stderr.write(`${deployment} becomes the default all the same (Gate=warn)\n`)
    }
  },
}

async function decide(root: string, deployment: string, isMerged: boolean): Promise<boolean> {
  const { mayFinalize, images } = await checkGate(root, deployment, { isMerged })
  if (mayFinalize) process.stdout.write(`Every bound image of ${deployment} is on disk.\n`)
  for (const image of images) process.stderr.write(`${describeReport(image)}\n`)
  return mayFinalize
}
