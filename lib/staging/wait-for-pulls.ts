import { setTimeout as sleep } from 'node:timers/promises'
import { surveyImages, type ImageReport } from '../gate/survey-images.ts'
import type { Request } from '../generate.ts'
import { unitStates } from '../host/systemctl.ts'
import { pullProgress, type PullProgress } from '../plan/pull-progress.ts'
import { findNextRoot, readNextRequest, stage } from './stage.ts'

const pollMilliseconds = 500

const words: Readonly<Record<PullProgress, string>> = {
  pulling: 'pulling',
  retrying: 'trying again',
  pulled: 'pulled',
  failed: 'failed',
  stopped: 'stopped',
  unknown: 'not known to systemd',
}

/**
 * Waits until every pull of a staging has succeeded or finally failed. Unit states are watched, not
 * the job of a target: a target is done too early when its units are replaced or tried again. Bounded
 * by the tries and timeouts of the units. When another deployment is staged meanwhile, its pulls count.
 *
 * @param report takes a line for people at each change
 * @returns what became of every image, or undefined when there is no next deployment any more
 */
export async function waitForPulls(
  first: Request,
  root: string | undefined,
  report: (line: string) => void,
): Promise<readonly ImageReport[] | undefined> {
  let request: Request | undefined = first
  while (request !== undefined) {
    await watchUnits(request, root, report)
    if (await isCurrent(request, root)) return surveyImages(request)
    report('another deployment was staged; waiting for its bound images')
    request = await stage(root)
  }
  return undefined
}

async function watchUnits(
  request: Request,
  root: string | undefined,
  report: (line: string) => void,
): Promise<void> {
  const { pulls } = request.plan
  const last = new Map<string, PullProgress>()
  for (;;) {
    const states = await unitStates(pulls.map(({ unit }) => unit))
    for (const [index, state] of states.entries()) {
      const progress = pullProgress(state)
      if (last.get(state.unit) === progress) continue
      last.set(state.unit, progress)
      const done = [...last.values()].filter(isFinal).length
      report(`[${done}/${pulls.length}] ${pulls[index]?.boundImage.name}: ${words[progress]}`)
    }
    if ([...last.values()].every(isFinal) || findNextRoot(root) !== request.root) return
    await sleep(pollMilliseconds)
  }
}

function isFinal(progress: PullProgress): boolean {
  return progress !== 'pulling' && progress !== 'retrying'
}

async function isCurrent(request: Request, root: string | undefined): Promise<boolean> {
  const next = await readNextRequest(root)
  return next !== undefined && JSON.stringify(next.plan) === JSON.stringify(request.plan)
}
