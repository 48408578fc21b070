import type { Settings } from '../config/settings.ts'
import { syncFileSystem } from '../host/sync.ts'
import { pullFacts } from '../request/host-facts.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { tryToRecord } from '../tags/record-deployment.ts'
import { stagingRefusal } from '../state/last-staging.ts'
import { areAllPresent, findImages } from '../survey/find-images.ts'
import { surveyImages, type ImageReport } from '../survey/survey-images.ts'

/** The decision about a deployment. */
export interface Verdict {
  readonly mayFinalize: boolean
  /** All images of a refused deployment. */
  readonly images: readonly ImageReport[]
  /** Why the pulls were not started. */
  readonly error?: string | undefined
}

export interface GateOptions {
  /** See `layoutOf`. */
  readonly isMerged: boolean
  /** Whether the deployment becomes the default now; its images are then recorded. */
  readonly isFinal: boolean
}

/**
 * Decides whether a deployment may become the default: every spec can be used, every image is in podman's store, and
 * the store is synced. It decides by podman alone: a good update must not fail because systemd or the journal is
 * slow.
 *
 * @param root directory of the deployment
 * @throws Error if it cannot decide, which must count as a refusal
 */
export async function checkGate(
  root: string,
  settings: Settings,
  { isMerged, isFinal }: GateOptions,
): Promise<Verdict> {
  const facts = await pullFacts(settings)
  const request = readHostRequest(root, facts, { isMerged })
  const plan = planAsStaged(request, facts.settings)
  const found = await findImages(request, plan, facts)
  if (areAllPresent(found) && request.problems.length === 0) {
    await syncFileSystem(facts.imageStore.directory)
    if (isFinal) tryToRecord(request.name, plan, found)
    return { mayFinalize: true, images: [] }
  }
  const notStarted = stagingRefusal()
  return {
    mayFinalize: false,
    images: await surveyImages(request, plan, found),
    error: notStarted && `the pulls were not started: ${notStarted}`,
  }
}
