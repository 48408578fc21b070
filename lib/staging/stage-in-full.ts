import { hostRoot, runtimeDirectory } from '../directories.ts'
import { planAgain, supportedBy, type Request } from '../request/request.ts'
import { removeOtherKnowledge, writeKnowledge } from '../state/knowledge-file.ts'
import { writePrivateFiles } from '../state/private-files.ts'
import { resetFailed, unitStates } from '../host/systemctl.ts'
import { currentUnits } from '../state/unit-sets.ts'
import type { Knowledge } from '../plan/knowledge.ts'
import { anyPodmanVersion } from '../facts/podman-version.ts'
import type { PullFacts } from '../facts/facts.ts'
import { hostFacts } from '../request/host-facts.ts'
import { unaskedFacts } from '../request/own-facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { deploymentNames } from '../root/deployments.ts'
import { applyRequest } from './apply-units.ts'
import { recordRunning } from '../tags/settle-images.ts'
import { learn } from './resolve-images.ts'
import { recallStaging } from './earlier-staging.ts'
import type { Staging } from './stage.ts'

/**
 * Stages a deployment, with all that podman, systemd and the registries have to say.
 *
 * @param next undefined to take back what an earlier staging has begun
 * @param warn takes a line for people
 */
export async function stageInFull(
  next: NextDeployment | undefined,
  warn: (line: string) => void,
): Promise<Staging | undefined> {
  const asked = hostFacts(warn)
  const learning = next === undefined ? undefined : learnPulls(next, warn)
  // Neither goes on after the staging, should the other fail.
  await Promise.allSettled([asked, learning])
  const [facts, learnt] = await Promise.all([asked, learning])
  const request =
    learnt &&
    planAgain(supportedBy(learnt.request, facts.podmanVersion), facts.settings, learnt.knowledge)
  const refusal = await applyRequest(request, learnt, facts, warn)
  return next && request && { standing: next.standing, request, refusal, facts }
}

/**
 * What a deployment asks of any podman, and what can be learnt about its images.
 *
 * @param mostSeconds for the registries to answer, if that is less than `ResolveTimeoutSec=`
 */
export async function learnPulls(
  next: NextDeployment,
  warn: (line: string) => void,
  mostSeconds = Infinity,
) {
  const facts = { ...unaskedFacts().facts, podmanVersion: anyPodmanVersion }
  const request = readNextRequest(next, facts)
  // Some of them are credentials with which registries are asked.
  writePrivateFiles(request.privateFiles)
  const { staging, isSameStaging, ...earlier } = await recallStaging(request, next.standing)
  // Not while registries answer: it can keep this process from noticing in time.
  if (earlier.isStaging) await recordRunning(facts)
  const seconds = Math.min(facts.settings.resolveTimeoutSec, mostSeconds)
  const { knowledge: learnt, doubt } = await learn(request, earlier, facts, seconds, warn)
  // In one staging, an order that was begun is kept.
  const knowledge =
    earlier.begun.size > 0 ? learnt : await withPullsUnderWay(request, learnt, facts)
  writeKnowledge({ deployment: request.name, staging, knowledge })
  removeOtherKnowledge([request.name, ...deploymentNames(hostRoot)])
  return { request, knowledge, doubt, isSameStaging }
}

/** Adds which pulls of an earlier staging go on. */
async function withPullsUnderWay(
  request: Request,
  knowledge: Knowledge,
  { settings }: PullFacts,
): Promise<Knowledge> {
  const set = currentUnits(runtimeDirectory)
  const { pulls } = planAgain(request, settings, knowledge).plan
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

/** Makes systemd forget that the service of staging failed. */
export async function forgetFailure(): Promise<void> {
  const service = 'bootc-bound-images-stage.service'
  const [state] = await unitStates([service])
  if (state?.active === 'failed') await resetFailed([service])
}
