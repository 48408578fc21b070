import { isFloating } from '../bound-images/is-floating.ts'
import { syncStore } from '../host/sync.ts'
import { stagingRefusal } from '../state/last-staging.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import { areAllPresent } from '../survey/find-images.ts'
import { surveyImages, type ImageReport } from '../survey/survey-images.ts'
import { tryToNameImages } from '../tags/name-images.ts'
import { tryToRecord } from '../tags/record-deployment.ts'
import { anyPodmanVersion } from '../facts/podman-version.ts'
import type { Settings } from '../config/settings.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import type { Look } from './look.ts'

/** The decision about a deployment. */
export interface Verdict {
  readonly mayFinalize: boolean
  /** All images of a refused deployment. */
  readonly images: readonly ImageReport[]
  /** Why the images do not count, or were not pulled. */
  readonly error?: string | undefined
}

/**
 * Decides whether a deployment may become the default: every spec can be used, every image is in podman's store, and
 * the store is synced. It decides by podman alone: a good update must not fail because systemd or the journal is
 * slow.
 *
 * @param isFinal whether the deployment becomes the default now; its images are then recorded
 * @throws Error if it cannot decide, which must count as a refusal
 */
export async function checkGate(look: Look, isFinal: boolean): Promise<Verdict> {
  const { request, plan, facts, found, errors } = look
  const isComplete = areAllPresent(found) && request.problems.length === 0
  const mayFinalize = isComplete && wasLookedUp(look)
  // With Gate=warn, the deployment boots in any case, and needs the names of the images that are present.
  const becomesDefault = isFinal && (mayFinalize || facts.settings.gate === 'warn')
  // Containers may start before the tags are set, if the store is mounted late.
  if (becomesDefault) await tryToNameImages(plan, found, facts)
  if (mayFinalize) await syncStore(facts)
  if (becomesDefault) tryToRecord(request.name, plan, found)
  if (mayFinalize) return { mayFinalize, images: [] }
  const images = await surveyImages(request, plan, found, errors)
  return { mayFinalize, images, error: reason(look) }
}

/**
 * Decides about a deployment without bound images. That needs no podman and no image store: the update may be what
 * mends them.
 *
 * @param options `isMerged`: see `layoutOf`; `isFinal`: see `checkGate`
 * @returns undefined if it has bound images, or specs that cannot be used
 */
export function checkWithoutImages(
  root: string,
  settings: Settings,
  { isMerged, isFinal }: { readonly isMerged: boolean; readonly isFinal: boolean },
): Verdict | undefined {
  const request = readHostRequest(root, { podmanVersion: anyPodmanVersion }, { isMerged })
  if (request.specs.length + request.problems.length > 0) return undefined
  if (isFinal) tryToRecord(request.name, planAsStaged(request, settings), [])
  return { mayFinalize: true, images: [] }
}

/** Whether this boot has resolved the floating tags, so that the images on disk are not older ones. */
function wasLookedUp({ request, plan, isUnresolved }: Look): boolean {
  if (isUnresolved === true) return false
  return (
    readKnowledge(request.name) !== undefined ||
    !plan.pulls.some(({ boundImage }) => isFloating(boundImage))
  )
}

function reason(look: Look): string | undefined {
  if (!wasLookedUp(look))
    return 'its tags were not looked up in this boot, so the images on disk may be older ones: see systemctl status bootc-bound-images.path'
  const notStarted = stagingRefusal()
  return notStarted && `the pulls were not started: ${notStarted}`
}
