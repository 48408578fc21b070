import { readSettings } from '../config/read-settings.ts'
import type { Settings } from '../config/settings.ts'
import { hostRoot } from '../directories.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import { allPresent, describeReport } from '../survey/survey-images.ts'
import { describeError } from '../text/describe-error.ts'
import type { AnswerRecord } from './answer-record.ts'
import type { Verdict } from './check-gate.ts'
import { endAfter } from './end-after.ts'

/**
 * Answers whether a deployment may become the default, as `Gate=` says, and prints why not. A failure of the check is
 * a reason. Ends the process after `GateTimeoutSec=`.
 *
 * @param check looks at the images and decides
 * @throws Error if the configuration cannot be used. It may have `Gate=require`, so this must count as a refusal.
 */
export async function answer(
  record: AnswerRecord,
  check: (settings: Settings) => Promise<Verdict>,
): Promise<boolean> {
  const settings = settingsOrRefusal(record)
  const { gate, gateTimeoutSec } = settings
  if (gate === 'off') {
    process.stdout.write('The gate is off (Gate=off).\n')
    record.passed()
    return true
  }
  const fail = (error: string) => conclude({ mayFinalize: false, images: [], error }, gate, record)
  limitPodman({ each: shortTimeout, deadline: Infinity })
  const cancel = endAfter(gateTimeoutSec, () =>
    fail(`looking at the images took more than ${gateTimeoutSec} s (GateTimeoutSec=)`) ? 0 : 1,
  )
  try {
    return conclude(await check(settings), gate, record)
  } catch (error) {
    return fail(describeError(error))
  } finally {
    cancel()
  }
}

/** Prints and records the decision. */
function conclude(
  { mayFinalize, images, error }: Verdict,
  gate: 'require' | 'warn',
  { deployment, refused, passed }: AnswerRecord,
): boolean {
  for (const image of images)
    if (!allPresent([image])) process.stderr.write(`${describeReport(image)}\n`)
  const reason = error ?? 'bound images are missing'
  if (mayFinalize) process.stdout.write(`Every bound image of ${deployment} is on disk.\n`)
  else if (gate === 'warn')
    process.stderr.write(`${deployment} becomes the default all the same (Gate=warn): ${reason}\n`)
  else {
    refused({ error, images })
    process.stderr.write(`${deployment} must not become the default: ${reason}\n`)
    return false
  }
  passed()
  return true
}

/** @throws Error if the configuration cannot be used */
export function settingsOrRefusal({ refused }: AnswerRecord): Settings {
  try {
    return readSettings(hostRoot).settings
  } catch (error) {
    refused({ error: describeError(error), images: [] })
    throw error
  }
}
