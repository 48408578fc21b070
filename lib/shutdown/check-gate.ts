import type { Settings } from '../config/settings.ts'
import { describeError } from '../text/describe-error.ts'
import { syncFileSystem } from '../host/sync.ts'
import { pullFacts } from '../request/host-facts.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readHostRequest } from '../request/read-host-request.ts'
import { tryToRecord } from '../tags/record-deployment.ts'
import { stagingRefusal } from '../state/last-staging.ts'
import { areAllPresent, findImages } from '../survey/find-images.ts'
import { allPresent, surveyImages, type ImageReport } from '../survey/survey-images.ts'
import { forgetRefusal, recordRefusal } from '../state/gate-refusal.ts'

/** The decision about a deployment; `images` explains a refusal. */
export interface Verdict {
  readonly mayFinalize: boolean
  readonly images: readonly ImageReport[]
}

/**
 * Decides whether a deployment may become the default: every spec can be used, every image is in podman's store, and
 * the store is synced. It decides by podman alone: a good update must not fail because systemd or the journal is
 * slow. Records a refusal for the next boot, also if the gate fails or is killed.
 *
 * @param root directory of the deployment
 * @param deployment its name for people
 * @param options see `layoutOf`
 * @throws Error if it cannot decide, which must count as a refusal
 */
export async function checkGate(
  root: string,
  deployment: string,
  settings: Settings,
  options: { readonly isMerged?: boolean } = {},
): Promise<Verdict> {
  const record = (images: readonly ImageReport[], error?: string) => {
    recordRefusal({ deployment, error, images })
  }
  record([], 'the gate was stopped before it had looked at every image')
  try {
    const facts = await pullFacts(settings)
    const request = readHostRequest(root, facts, options)
    const plan = planAsStaged(request, facts.settings)
    const found = await findImages(request, plan, facts)
    if (areAllPresent(found) && request.problems.length === 0) {
      await syncFileSystem(facts.imageStore.directory)
      tryToRecord(request.name, plan, found)
      forgetRefusal()
      return { mayFinalize: true, images: [] }
    }
    const images = await surveyImages(request, plan, found)
    const notStarted = stagingRefusal()
    record(images, notStarted && `the pulls were not started: ${notStarted}`)
    return { mayFinalize: false, images: images.filter(image => !allPresent([image])) }
  } catch (error) {
    record([], describeError(error))
    throw error
  }
}
