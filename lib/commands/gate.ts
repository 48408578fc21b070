import { basename } from 'node:path'
import type { CommandModule } from 'yargs'
import { readSettings } from '../config/read-settings.ts'
import type { Settings } from '../config/settings.ts'
import { describeError } from '../text/describe-error.ts'
import { hostRoot } from '../directories.ts'
import { checkGate } from '../shutdown/check-gate.ts'
import { endAfter } from '../shutdown/end-after.ts'
import { forgetRefusal, recordRefusal } from '../state/gate-refusal.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { locateStagedRoot } from '../root/staged-deployment.ts'
import { describeReport } from '../survey/survey-images.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly root: string | undefined
  readonly merged: boolean
}

export const gateCommand: CommandModule<object, Options> = {
  command: 'gate',
  describe: 'Decide whether the staged deployment may become the default: exit 0 when it may',
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
    const root = givenRoot ?? locateStagedRoot(hostRoot)
    if (root === undefined) {
      process.stdout.write('No deployment is staged.\n')
      return
    }
    const deployment = basename(deploymentDirectory(hostRoot, root))
    const settings = readSettingsOrRefuse(deployment)
    const { gate, gateTimeoutSec } = settings
    if (gate === 'off') {
      process.stdout.write('The gate is off (Gate=off).\n')
      return
    }
    limitPodman({ each: shortTimeout })
    endAfter(gateTimeoutSec, () => {
      const error = `looking at the images took more than ${gateTimeoutSec} s (GateTimeoutSec=)`
      return refuse(gate, deployment, error)
    })
    try {
      if (await decide(root, deployment, settings, merged)) return
      process.exitCode = refuse(gate, deployment)
    } catch (error) {
      process.exitCode = refuse(gate, deployment, describeError(error))
    }
  },
}

/** Records a refusal if the configuration cannot be used, because it may have Gate=require. */
function readSettingsOrRefuse(deployment: string): Settings {
  try {
    return readSettings(hostRoot).settings
  } catch (error) {
    recordRefusal({ deployment, error: describeError(error), images: [] })
    throw error
  }
}

/**
 * Reports that the gate refused the deployment, and records the reason for the next boot.
 *
 * @param error why the images could not be checked; undefined if they were, and some are missing
 * @returns the exit status
 */
function refuse(gate: 'require' | 'warn', deployment: string, error?: string): number {
  const reason = error ?? 'bound images are missing'
  if (gate === 'warn') {
    forgetRefusal()
    process.stderr.write(`${deployment} becomes the default all the same (Gate=warn): ${reason}\n`)
    return 0
  }
  if (error !== undefined) recordRefusal({ deployment, error, images: [] })
  process.stderr.write(`${deployment} must not become the default: ${reason}\n`)
  return 1
}

async function decide(
  root: string,
  deployment: string,
  settings: Settings,
  isMerged: boolean,
): Promise<boolean> {
  const { mayFinalize, images } = await checkGate(root, deployment, settings, { isMerged })
  if (mayFinalize) process.stdout.write(`Every bound image of ${deployment} is on disk.\n`)
  for (const image of images) process.stderr.write(`${describeReport(image)}\n`)
  return mayFinalize
}
