import { runtimeDirectory } from '../directories.ts'
import { neededPulls } from '../plan/plan-pulls.ts'
import { pullFacts } from '../request/host-facts.ts'
import { nextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { isStagingUpToDate, seeDeployments, stagingRefusal } from '../state/last-staging.ts'
import { withStagingLock } from '../state/staging-lock.ts'
import { currentUnits } from '../state/unit-sets.ts'
import { stage, type Staging } from './stage.ts'

/**
 * Finds out what the last staging has started. It does not start a pull again that has failed since then. Stages only if
 * the last staging was for other deployments or did not run to its end, or if specs have changed since.
 *
 * @param warn takes a line for people
 * @returns undefined if there is no next deployment
 */
export async function joinStaging(warn: (line: string) => void): Promise<Staging | undefined> {
  return (await withStagingLock(readStaging)) ?? stage(undefined, warn)
}

async function readStaging(): Promise<Staging | undefined> {
  const seen = seeDeployments()
  const next = isStagingUpToDate(seen) ? nextDeployment(undefined, seen.staged) : undefined
  if (next === undefined) return undefined
  const facts = await pullFacts()
  const request = readNextRequest(next, facts)
  const plan = planAsStaged(request, facts.settings)
  const units = currentUnits(runtimeDirectory)
  if (!neededPulls(plan).every(({ unit }) => units.has(unit))) return undefined
  return { role: next.role, request, plan, refusal: stagingRefusal(), facts }
}
