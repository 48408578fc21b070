import { renderUnits } from '../lib/render/render-units.ts'
import type { UnitText } from '../lib/render/unit-text.ts'
import type { HostFacts } from '../lib/facts/facts.ts'
import { planRequest } from '../lib/request/plan-request.ts'
import type { Request } from '../lib/request/request.ts'

/** The units for a request whose images nothing is known about. */
export function render(request: Request, facts: HostFacts): readonly UnitText[] {
  return renderUnits(planRequest(request, facts.settings), facts, request.containersDirectory)
}
