import type { Settings } from '../config/settings.ts'
import type { PullFacts } from '../facts/facts.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { pullFacts } from '../request/host-facts.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { requireSameStore, requireStore } from '../request/store-mounts.ts'
import type { Request } from '../request/request.ts'
import { findImages, type FoundImage } from '../survey/find-images.ts'

/** What a deployment asks for, and what is on disk. */
export interface Look {
  readonly request: Request
  readonly plan: Plan
  readonly facts: PullFacts
  /** One for each pull of the plan, in its order. */
  readonly found: readonly FoundImage[]
  /** Why the pulls of this process failed, by their units. */
  readonly errors?: ReadonlyMap<string, string>
  /** Whether staging has not looked up a tag, and this process could not either. */
  readonly isUnresolved?: boolean
}

/**
 * @param root directory of the deployment
 * @param isMerged see `layoutOf`
 */
export async function lookAt(root: string, settings: Settings, isMerged: boolean): Promise<Look> {
  requireSameStore()
  const facts = await pullFacts(settings)
  const request = readHostRequest(root, facts, { isMerged })
  const plan = planAsStaged(request, facts.settings)
  if (plan.pulls.length > 0) await requireStore(facts.imageStore)
  return { request, plan, facts, found: await findImages(request, plan, facts) }
}
