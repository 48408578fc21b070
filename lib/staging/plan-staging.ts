import { hostRoot, runtimeDirectory } from '../directories.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { planRequest } from '../request/plan-request.ts'
import type { Request } from '../request/request.ts'
import type { Plan } from '../plan/plan-pulls.ts'
import { removeOtherKnowledge, writeKnowledge } from '../state/knowledge-file.ts'
import { writePrivateFiles } from '../state/private-files.ts'
import { unitStates } from '../host/systemctl.ts'
import { currentUnits } from '../state/unit-sets.ts'
import type { Knowledge } from '../plan/knowledge.ts'
import type { PullFacts } from '../facts/facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { deploymentNames } from '../root/deployments.ts'
import { recordRunning } from '../tags/settle-images.ts'
import { resolveImages } from './resolve-images.ts'
import { readEarlierStaging } from './earlier-staging.ts'

/** What a staging is to carry out. */
export interface PlannedStaging {
  readonly request: Request
  readonly plan: Plan
  /** See `Resolution`. */
  readonly doubt: string | undefined
  /** Whether it goes on with what was begun for the same staging of the deployment. */
  readonly isSameStaging: boolean
}

/**
 * Reads what a deployment asks for, and plans it with what the image store, systemd and the registries say. Registries
 * are asked only about images that are not there and about tags, systemd only about units of an earlier staging.
 *
 * @param warn takes a line for people
 * @param mostSeconds for the registries to answer, if that is less than `ResolveTimeoutSec=`
 */
export async function planStaging(
  next: NextDeployment,
  facts: PullFacts,
  warn: (line: string) => void,
  mostSeconds = Infinity,
): Promise<PlannedStaging> {
  const request = readNextRequest(next, facts)
  // Some of them are credentials with which registries are asked.
  writePrivateFiles(request.privateFiles)
  const { staging, isSameStaging, ...earlier } = await readEarlierStaging(
    request.name,
    planAsStaged(request, facts.settings),
    next.role,
  )
  if (earlier.isStaging) await recordRunning(facts)
  const seconds = Math.min(facts.settings.resolveTimeoutSec, mostSeconds)
  const { knowledge: learnt, doubt } = await resolveImages(request, earlier, facts, seconds, warn)
  // In one staging, an order that was begun is kept.
  const knowledge =
    earlier.begun.size > 0 ? learnt : await withPullsUnderWay(request, learnt, facts)
  writeKnowledge({ deployment: request.name, staging, knowledge })
  removeOtherKnowledge([request.name, ...deploymentNames(hostRoot)])
  return { request, plan: planRequest(request, facts.settings, knowledge), doubt, isSameStaging }
}

/** Adds which pulls of an earlier staging go on. */
async function withPullsUnderWay(
  request: Request,
  knowledge: Knowledge,
  { settings }: PullFacts,
): Promise<Knowledge> {
  const set = currentUnits(runtimeDirectory)
  const { pulls } = planRequest(request, settings, knowledge)
  const states = await unitStates(pulls.map(({ unit }) => unit).filter(unit => set.has(unit)))
  const running = new Set(
    states.filter(({ active }) => active === 'activating').map(({ unit }) => unit),
  )
  const marked = pulls
    .filter(({ unit }) => running.has(unit))
    .map(
      ({ boundImage: { identity } }) =>
        [identity, { ...knowledge.get(identity), isUnderWay: true }] as const,
    )
  return new Map([...knowledge, ...marked])
}
