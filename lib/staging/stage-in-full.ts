import { planAgain, supportedBy } from '../generate.ts'
import { writeKnowledge } from '../host/knowledge-file.ts'
import { writePrivateFiles } from '../host/private-files.ts'
import { resetFailed, unitStates } from '../host/systemctl.ts'
import { anyPodmanVersion } from '../plan/podman-version.ts'
import { hostFacts } from '../request/host-facts.ts'
import { unaskedFacts } from '../request/own-facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { applyRequest } from './apply-units.ts'
import { recordRunning } from './settle-images.ts'
import { learn } from './learn.ts'
import { recallStaging } from './recall-staging.ts'
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
  const refusal = await applyRequest(request, learnt?.doubt, facts, warn)
  return next && request && { standing: next.standing, request, refusal, facts }
}

/** What a deployment asks of any podman, and what can be learnt about its images. */
async function learnPulls(next: NextDeployment, warn: (line: string) => void) {
  const facts = { ...unaskedFacts().facts, podmanVersion: anyPodmanVersion }
  const isUpdate = next.standing === 'staged' || next.standing === 'requested'
  if (isUpdate) await recordRunning(facts)
  const request = readNextRequest(next, facts)
  // Some of them are credentials with which registries are asked.
  writePrivateFiles(request.privateFiles)
  const { staging, counts, ...earlier } = await recallStaging(request, next.standing)
  const { knowledge, doubt } = await learn(request, earlier, facts, warn)
  writeKnowledge({ deployment: request.name, staging, ...counts, knowledge })
  return { request, knowledge, doubt }
}

/** Makes systemd forget that the service of staging failed. */
export async function forgetFailure(): Promise<void> {
  const service = 'bootc-bound-images-stage.service'
  const [state] = await unitStates([service])
  if (state?.active === 'failed') await resetFailed([service])
}
