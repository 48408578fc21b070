import type { Settings } from '../config/settings.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { readRecord } from '../state/deployment-records.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import { planRequest } from './plan-request.ts'
import type { Request } from './request.ts'

/**
 * Plans the pulls of a request as staging did: with the knowledge of this boot, else with the digests in the record of
 * the deployment.
 */
export function planAsStaged(
  request: Pick<Request, 'name' | 'specs'>,
  settings: Pick<Settings, 'maxParallel'>,
): Plan {
  const images = readRecord(request.name)?.images ?? []
  const knowledge =
    readKnowledge(request.name)?.knowledge ??
    new Map(images.map(({ identity, digest }) => [identity, { digest }]))
  return planRequest(request, settings, knowledge)
}
