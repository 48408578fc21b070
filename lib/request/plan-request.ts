import type { Settings } from '../config/settings.ts'
import type { Knowledge } from '../plan/knowledge.ts'
import { planPulls, type Plan } from '../plan/plan-pulls.ts'
import type { Request } from './request.ts'

/** Plans the pulls of a request. */
export function planRequest(
  { name, specs }: Pick<Request, 'name' | 'specs'>,
  { maxParallel }: Pick<Settings, 'maxParallel'>,
  knowledge?: Knowledge,
): Plan {
  return planPulls(name, specs, maxParallel, knowledge)
}
