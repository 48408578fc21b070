import { setTimeout as sleep } from 'node:timers/promises'
import { runtimeDirectory } from '../directories.ts'
import type { Request } from '../request/request.ts'
import { pullStates } from '../survey/pull-states.ts'
import { currentUnits } from '../state/unit-sets.ts'
import { isPendingUnit, neededPulls, type Plan } from '../plan/plan-pulls.ts'
import type { PullProgress } from '../plan/pull-progress.ts'
import type { PullFacts } from '../facts/facts.ts'
import { findNextDeployment } from '../request/next-deployment.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { surveyImages, type ImageReport } from '../survey/survey-images.ts'
import { settleOrResolve } from './settle-or-resolve.ts'
import { stage, type Staging } from './stage.ts'
import { withStagingLock } from '../state/staging-lock.ts'

const pollMilliseconds = 250

const words: Readonly<Record<PullProgress, string>> = {
  pulling: 'pulling',
  retrying: 'retrying',
  pulled: 'pulled',
  failed: 'failed',
  stopped: 'stopped',
  unknown: 'not known to systemd',
}

/**
 * Waits until every pull of a staging has succeeded or was given up. Polls the states of the units, because the job of
 * the target ends too early if units are replaced or retried. The attempts and timeouts of the units limit the wait. If
 * another deployment is staged meanwhile, waits for its pulls, unless `root` is given.
 *
 * @param report takes a line for people at each change
 * @returns a report about every image
 * @throws Error if `root` is given and another deployment was staged
 */
export async function waitForPulls(
  first: Staging,
  root: string | undefined,
  report: (line: string) => void,
): Promise<readonly ImageReport[]> {
  for (let staging = first; ; staging = await stage(root, report)) {
    const { request, plan, refusal, facts } = staging
    if (refusal === undefined) await watchUnits(request, plan, root, report)
    const found = await withStagingLock(async () =>
      isCurrent(plan, root, facts) ? settleOrResolve(request, plan, facts, report) : undefined,
    )
    if (found !== undefined) return surveyImages(request, plan, found)
    // Do not stage `root` again: that would stop the pulls of the deployment that was staged since.
    if (root !== undefined && (await withStagingLock(() => Promise.resolve(isReplaced(plan)))))
      throw new Error(`another deployment was staged, and took the place of ${root}`)
    report('waiting for the bound images of what is staged now')
  }
}

async function watchUnits(
  request: Request,
  plan: Plan,
  root: string | undefined,
  report: (line: string) => void,
): Promise<void> {
  const pulls = neededPulls(plan)
  const last = new Map<string, PullProgress>()
  for (;;) {
    const states = await pullStates(pulls.map(({ unit }) => unit))
    for (const [index, { unit, progress }] of states.entries()) {
      if (last.get(unit) === progress) continue
      last.set(unit, progress)
      const done = [...last.values()].filter(isFinal).length
      report(`[${done}/${pulls.length}] ${pulls[index]?.boundImage.name}: ${words[progress]}`)
    }
    if ([...last.values()].every(isFinal) || findNextDeployment(root).root !== request.root) return
    await sleep(pollMilliseconds)
  }
}

function isFinal(progress: PullProgress): boolean {
  return progress !== 'pulling' && progress !== 'retrying'
}

/** Whether the current units are those of another deployment. */
function isReplaced({ target }: Plan): boolean {
  return [...currentUnits(runtimeDirectory)].some(name => !isPendingUnit(name) && name !== target)
}

function isCurrent(plan: Plan, root: string | undefined, facts: PullFacts): boolean {
  try {
    const next = findNextDeployment(root)
    const now = planAsStaged(readNextRequest(next, facts), facts.settings)
    return JSON.stringify(now) === JSON.stringify(plan)
  } catch {
    // The next staging reports whether the root was removed or cannot be read.
    return false
  }
}
