import { describeError } from '../describe-error.ts'
import type { Request } from '../generate.ts'
import { syncFileSystem } from '../host/sync.ts'
import { pullFacts } from '../staging/host-facts.ts'
import { readHostRequest } from '../staging/read-host-request.ts'
import { settle } from '../staging/settle.ts'
import { forgetRefusal, recordRefusal } from './refusal.ts'
import { allPresent, readPresences, surveyImages, type ImageReport } from './survey-images.ts'

/** The decision about a deployment; `images` explains a refusal. */
export interface Verdict {
  readonly mayFinalize: boolean
  readonly images: readonly ImageReport[]
}

/**
 * Decides whether a deployment may become the default: every spec can be used, every image is in podman's
 * store, and the store is synced. A refusal is kept for the next boot, also one by an error or by being
 * killed half-way.
 *
 * @param root directory of the deployment
 * @param deployment its name for people
 * @param options see `layoutOf`
 * @throws Error when it cannot be decided, which must count as a refusal
 */
export async function checkGate(
  root: string,
  deployment: string,
  options: { readonly isMerged?: boolean } = {},
): Promise<Verdict> {
  const record = (images: readonly ImageReport[], error?: string) => {
    const time = new Date().toISOString()
    try {
      recordRefusal({ deployment, time, error, images })
    } catch (failure) {
      // The note is for people. A full disk must not keep a good update from being finalized.
      process.stderr.write(`noting the refusal: ${describeError(failure)}\n`)
    }
  }
  record([], 'the gate was stopped before it had looked at every image')
  try {
    const facts = await pullFacts()
    const request = readHostRequest(root, facts, options)
    if (await isComplete(request, facts)) {
      await syncFileSystem(facts.imageStore.directory)
      forgetRefusal()
      await tidy(() => settle([], facts))
      return { mayFinalize: true, images: [] }
    }
    const images = await surveyImages(request, facts)
    record(images)
    return { mayFinalize: false, images: images.filter(image => !allPresent([image])) }
  } catch (error) {
    record([], describeError(error))
    throw error
  }
}

/** Asks podman only: a good update must not fail because systemd or the journal is slow to answer. */
async function isComplete(
  { plan, problems }: Request,
  facts: Parameters<typeof readPresences>[1],
): Promise<boolean> {
  if (problems.length > 0) return false
  const presences = await readPresences(plan.pulls, facts)
  return presences.every(presence => presence === 'present')
}

async function tidy(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    process.stderr.write(`tidying up: ${describeError(error)}\n`)
  }
}
