import { existsSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDirectory } from '../directories.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import type { Request } from '../request/request.ts'
import { ifThere } from '../if-there.ts'
import type { PullFacts } from '../facts/facts.ts'
import { nextDeployment, type Standing } from '../request/next-deployment.ts'
import { forgetRequestedRoot, rememberRequestedRoot } from '../state/requested-root.ts'
import { isSame, rememberSeen, seeDeployments } from '../state/seen-deployments.ts'
import { withStagingLock } from '../state/staging-lock.ts'
import { rememberStagingRefusal } from '../state/staging-refusal.ts'
import { resetFailed, unitStates } from '../host/systemctl.ts'
import { hostFacts } from '../request/host-facts.ts'
import { applyRequest } from './apply-units.ts'
import { planStaging } from './plan-staging.ts'

/** More stagings than this during one run are left to the unit that looks again afterwards. */
const mostRounds = 10

/** Is there from the beginning of a staging until one has succeeded, and empty until it has come to its end. */
const marker = join(runtimeDirectory, 'staging')

/** Whether the last staging was killed, could not come to its end, or is under way. */
export function isStagingUnfinished(): boolean {
  return ifThere(() => statSync(marker).size) === 0
}

/** What the next deployment asks for, and what came of it. */
export interface Staging {
  readonly standing: Standing
  readonly request: Request
  readonly plan: Plan
  /** Why its pulls were not started; undefined when they were, or are not needed. */
  readonly refusal: string | undefined
  readonly facts: PullFacts
}

/**
 * Reads what the next deployment asks for, renders its units and has systemd start them.
 *
 * A deployment staged meanwhile is seen: the path unit does not watch while its service runs.
 *
 * @param root see `nextDeployment`
 * @param warn takes a line for people
 * @returns undefined when there is no next deployment
 */
export function stage(
  root: string | undefined,
  warn: (line: string) => void,
): Promise<Staging | undefined> {
  return withStagingLock(async () => {
    const isAfterFailure = existsSync(marker)
    writeFileSync(marker, '')
    for (let round = 1; ; round++) {
      const seen = seeDeployments()
      rememberSeen(seen)
      if (root !== undefined) rememberRequestedRoot(realpathSync(root))
      else if (seen.staged !== undefined) forgetRequestedRoot()
      const attempt = stageOnce(root, seen.staged, warn)
      // A failure can come from a root that is gone, because another deployment took its place.
      await Promise.allSettled([attempt])
      if (round < mostRounds && !isSame(seen, seeDeployments())) continue
      const staging = await attempt
      if (staging !== undefined && !hasSucceeded(staging)) {
        writeFileSync(marker, 'failed\n')
        return staging
      }
      // That an earlier staging failed is over, whoever carried out this one.
      if (isAfterFailure) await forgetFailure()
      rmSync(marker)
      return staging
    }
  })
}

function hasSucceeded({ request, refusal }: Staging): boolean {
  return refusal === undefined && request.problems.length === 0
}

async function stageOnce(
  root: string | undefined,
  staged: Buffer | undefined,
  warn: (line: string) => void,
): Promise<Staging | undefined> {
  rememberStagingRefusal(undefined)
  const next = nextDeployment(root, staged)
  const facts = await hostFacts(warn)
  const planned = next && (await planStaging(next, facts, warn))
  const refusal = await applyRequest(planned, facts, warn)
  if (refusal !== undefined) rememberStagingRefusal(refusal)
  if (next === undefined || planned === undefined) return undefined
  const { request, plan } = planned
  return { standing: next.standing, request, plan, refusal, facts }
}

/** Makes systemd forget that the service of staging failed. */
async function forgetFailure(): Promise<void> {
  const service = 'bootc-bound-images-stage.service'
  const [state] = await unitStates([service])
  if (state?.active === 'failed') await resetFailed([service])
}
