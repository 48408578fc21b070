import { planAgain, type Request } from '../generate.ts'
import { writeKnowledge } from '../host/knowledge-file.ts'
import type { Podman } from '../host/podman.ts'
import { writePrivateFiles } from '../host/private-files.ts'
import { resetFailed, unitStates } from '../host/systemctl.ts'
import type { HostFacts } from '../render/render-units.ts'
import { hostFacts } from '../request/host-facts.ts'
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
  const facts = await hostFacts(warn)
  const { request, doubt } = next === undefined ? nothing : await requestPulls(next, facts, warn)
  const refusal = await applyRequest(request, doubt, facts, warn)
  return next && request && { standing: next.standing, request, refusal, facts }
}

const nothing = { request: undefined, doubt: undefined }

/** What a deployment asks for, planned with what can be learnt about its images. */
async function requestPulls(
  next: NextDeployment,
  facts: HostFacts & Podman,
  warn: (line: string) => void,
): Promise<{ readonly request: Request; readonly doubt: string | undefined }> {
  const isUpdate = next.standing === 'staged' || next.standing === 'requested'
  if (isUpdate) await recordRunning(facts)
  const first = readNextRequest(next, facts)
  // Some of them are credentials with which registries are asked.
  writePrivateFiles(first.privateFiles)
  const { staging, counts, ...earlier } = await recallStaging(first, next.standing)
  const { knowledge, doubt } = await learn(first, earlier, facts, warn)
  writeKnowledge({ deployment: first.name, staging, ...counts, knowledge })
  return { request: planAgain(first, facts.settings, knowledge), doubt }
}

/** Makes systemd forget that the service of staging failed. */
export async function forgetFailure(): Promise<void> {
  const service = 'bootc-bound-images-stage.service'
  const [state] = await unitStates([service])
  if (state?.active === 'failed') await resetFailed([service])
}
