import { setTimeout as sleep } from 'node:timers/promises'
import { containersDirectories, credentialsDirectory } from '../directories.ts'
import type { PullFacts } from '../facts/facts.ts'
import { runStep } from '../host/run-step.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import { pullSteps } from '../render/pull-steps.ts'
import type { Request } from '../request/request.ts'
import { removeOtherFiles, writePrivateFiles } from '../state/private-files.ts'
import { protectImages } from '../tags/protect-images.ts'
import { inOrder } from './in-order.ts'

/** Maximum number of attempts. A shutdown must not wait long for a registry that is down. */
const maxAttempts = 3

/** Time after the deadline to sync and record downloaded images. */
export const graceMilliseconds = 60_000

/**
 * Carries out the needed pulls of a plan, in its order.
 *
 * @returns the last error of each pull that failed, by its unit
 */
export async function pullMissing(
  { privateFiles, containersDirectory }: Request,
  plan: Plan,
  facts: PullFacts,
  deadline: number,
  report: (line: string) => void,
): Promise<ReadonlyMap<string, string>> {
  const errors = new Map<string, string>()
  writePrivateFiles(privateFiles)
  // Do not use credentials that the administrator has removed since staging.
  removeOtherFiles([credentialsDirectory, containersDirectories], privateFiles)
  const { retryLimit, retryDelaySec, retryMaxDelaySec } = facts.settings
  const toFinish = { deadline: deadline + graceMilliseconds }
  const carryOut = async (pull: Pull) => {
    const steps = pullSteps(pull, facts)
    for (let attempt = 1; ; attempt++) {
      report(`pulling ${pull.boundImage.name}`)
      // As units/programs/by-digest-or-tag does.
      const command = attempt % 2 === 0 ? (steps.pullByTag ?? steps.pull) : steps.pull
      const error =
        (await runStep(steps.mark, toFinish)) ??
        (await runStep(command, { deadline, containersDirectory })) ??
        (await runStep(steps.record, toFinish))
      errors.delete(pull.unit)
      if (error === undefined) return
      errors.set(pull.unit, error)
      await runStep(steps.unmark, toFinish)
      const delay = 1000 * Math.min(retryDelaySec * 2 ** (attempt - 1), retryMaxDelaySec)
      if (attempt >= Math.min(retryLimit, maxAttempts) || Date.now() + delay > deadline) return
      await sleep(delay)
    }
  }
  await protectImages(neededPulls(plan), facts, report)
  await inOrder(neededPulls(plan), carryOut)
  return errors
}
