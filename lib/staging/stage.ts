import { realpathSync } from 'node:fs'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import type { Request } from '../request/request.ts'
import type { PullFacts } from '../facts/facts.ts'
import { nextDeployment, type DeploymentRole } from '../request/next-deployment.ts'
import { forgetRequestedRoot, rememberRequestedRoot } from '../state/requested-root.ts'
import {
  isSame,
  lastStagingOutcome,
  seeDeployments,
  writeLastStaging,
} from '../state/last-staging.ts'
import { withStagingLock } from '../state/staging-lock.ts'
import { resetFailed, unitStates } from '../host/systemctl.ts'
import { hostFacts, hostStore } from '../request/host-facts.ts'
import { mountStore, seeStore } from '../request/store-mounts.ts'
import { applyRequest } from './apply-units.ts'
import { ensureFinalization } from './ensure-finalization.ts'
import { planStaging } from './plan-staging.ts'

/** Maximum number of rounds in one run. The recheck unit handles later changes. */
const maxRounds = 10

/** What the next deployment asks for, and the result. */
export interface Staging {
  readonly role: DeploymentRole
  readonly request: Request
  readonly plan: Plan
  /** Why its pulls were not started; undefined if they were, or are not needed. */
  readonly refusal: string | undefined
  readonly facts: PullFacts
}

/**
 * Reads what the next deployment asks for, renders its units and makes systemd start them. Repeats that if the list of
 * deployments changes meanwhile, because the path unit does not watch while its service runs.
 *
 * @param root see `nextDeployment`
 * @param warn takes a line for people
 */
export function stage(root: string | undefined, warn: (line: string) => void): Promise<Staging> {
  return withStagingLock(async () => {
    const last = lastStagingOutcome()
    for (let round = 1; ; round++) {
      const seen = seeDeployments()
      writeLastStaging(seen, 'running')
      if (root !== undefined) rememberRequestedRoot(realpathSync(root))
      else if (seen.staged !== undefined) forgetRequestedRoot()
      const attempt = stageOnce(root, seen.staged, warn)
      // The attempt may have failed because another deployment has replaced the root.
      await Promise.allSettled([attempt])
      if (round < maxRounds && !isSame(seen, seeDeployments())) continue
      const staging = await attempt
      const hasFailed = !hasSucceeded(staging)
      // A success clears the failure of an earlier staging, also if the service did not run this one.
      if (!hasFailed && last !== undefined && last !== 'succeeded') await forgetFailure()
      writeLastStaging(seen, hasFailed ? 'failed' : 'succeeded', staging.refusal)
      return staging
    }
  })
}

function hasSucceeded({ request, plan, refusal }: Staging): boolean {
  const isRoomy = plan.pulls.every(({ noRoom }) => noRoom === undefined)
  return refusal === undefined && request.problems.length === 0 && isRoomy
}

async function stageOnce(
  root: string | undefined,
  staged: Buffer | undefined,
  warn: (line: string) => void,
): Promise<Staging> {
  const next = nextDeployment(root, staged)
  const held = await ensureFinalization()
  if (held !== undefined) warn(held)
  const { settings, warnings } = readSettings(hostRoot)
  for (const warning of warnings) warn(warning)
  // Before podman runs: it makes directories below a mount point, and fails if a mount hides them at that moment.
  await mountStore(hostStore(settings))
  const facts = await hostFacts(settings)
  const unmounted = seeStore(facts.imageStore, await mountStore(facts.imageStore))
  const planned = await planStaging(next, facts, warn)
  const refusal = await applyRequest(planned, facts, unmounted, warn)
  const { request, plan } = planned
  return { role: next.role, request, plan, refusal, facts }
}

/** Resets the failed state of the staging service. */
async function forgetFailure(): Promise<void> {
  const service = 'bootc-bound-images-stage.service'
  const [state] = await unitStates([service])
  if (state?.active === 'failed') await resetFailed([service])
}
