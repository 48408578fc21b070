import { basename } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import type { Settings } from '../config/settings.ts'
import { hostRoot } from '../directories.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import { deploymentDirectory } from '../root/deployments.ts'
import { forgetRefusal, recordRefusal, type GateRefusal } from '../state/gate-refusal.ts'
import { allPresent, describeReport } from '../survey/survey-images.ts'
import { describeError } from '../text/describe-error.ts'
import { checkGate, type GateOptions, type Verdict } from './check-gate.ts'
import { endAfter } from './end-after.ts'

/** What the next boot says about the answer. */
interface Record {
  readonly refused: (why: Pick<GateRefusal, 'error' | 'images'>) => void
  readonly passed: () => void
}

const noRecord: Record = { refused: () => {}, passed: () => {} }

const recordOf = (deployment: string): Record => ({
  refused: ({ error, images }) => recordRefusal({ deployment, error, images }),
  passed: forgetRefusal,
})

/**
 * Answers whether a deployment may become the default, as `Gate=` says, and prints why not. A failure of the check is
 * a reason. Ends the process after `GateTimeoutSec=`.
 *
 * @param root directory of the deployment
 * @throws Error if the configuration cannot be used. It may have `Gate=require`, so this must count as a refusal.
 */
export async function answer(root: string, options: GateOptions): Promise<boolean> {
  const deployment = basename(deploymentDirectory(hostRoot, root))
  const record = options.isFinal ? recordOf(deployment) : noRecord
  // Stays if this process is killed.
  record.refused({ error: 'the gate was stopped before it had looked at every image', images: [] })
  const settings = settingsOrRefusal(record)
  const { gate, gateTimeoutSec } = settings
  if (gate === 'off') {
    process.stdout.write('The gate is off (Gate=off).\n')
    record.passed()
    return true
  }
  const conclude = ({ mayFinalize, images, error }: Verdict): boolean => {
    for (const image of images)
      if (!allPresent([image])) process.stderr.write(`${describeReport(image)}\n`)
    const reason = error ?? 'bound images are missing'
    if (mayFinalize) process.stdout.write(`Every bound image of ${deployment} is on disk.\n`)
    else if (gate === 'warn')
      process.stderr.write(
        `${deployment} becomes the default all the same (Gate=warn): ${reason}\n`,
      )
    else {
      record.refused({ error, images })
      process.stderr.write(`${deployment} must not become the default: ${reason}\n`)
      return false
    }
    record.passed()
    return true
  }
  const fail = (error: string) => conclude({ mayFinalize: false, images: [], error })
  limitPodman({ each: shortTimeout })
  endAfter(gateTimeoutSec, () =>
    fail(`looking at the images took more than ${gateTimeoutSec} s (GateTimeoutSec=)`) ? 0 : 1,
  )
  try {
    return conclude(await checkGate(root, settings, options))
  } catch (error) {
    return fail(describeError(error))
  }
}

function settingsOrRefusal(record: Record): Settings {
  try {
    return readSettings(hostRoot).settings
  } catch (error) {
    record.refused({ error: describeError(error), images: [] })
    throw error
  }
}
