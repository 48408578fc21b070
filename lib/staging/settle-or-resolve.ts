import { neededPulls, type Plan } from '../plan/plan-pulls.ts'
import type { Request } from '../request/request.ts'
import type { PullFacts } from '../facts/facts.ts'
import { pullStates } from '../survey/pull-states.ts'
import type { FoundImage } from '../survey/find-images.ts'
import { settleImages } from '../tags/settle-images.ts'
import { resolveAgain } from './resolve-again.ts'

/**
 * Settles the images of a plan whose pulls have ended, see `settleImages`, and resolves tags again whose images are gone
 * from the registry. Call it while holding the staging lock.
 *
 * @param report takes a line for people
 * @returns undefined if the deployment must be staged again
 */
export async function settleOrResolve(
  request: Request,
  plan: Plan,
  facts: PullFacts,
  report: (line: string) => void,
): Promise<readonly FoundImage[] | undefined> {
  const found = await settleImages(request, plan, facts)
  const pulls = neededPulls(plan).filter(pull => {
    return found[plan.pulls.indexOf(pull)]?.presence === 'missing'
  })
  const states = await pullStates(pulls.map(({ unit }) => unit))
  const failed = pulls.filter((_, index) => states[index]?.progress === 'failed')
  const deadline = Date.now() + facts.settings.resolveTimeoutSec * 1000
  return (await resolveAgain(request, failed, deadline, report)) ? undefined : found
}
