import { setTimeout as sleep } from 'node:timers/promises'
import {
  containersDirectories,
  credentialsDirectory,
  hostRoot,
  runtimeDirectory,
} from '../directories.ts'
import { readSettings } from '../config/read-settings.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { planRequest } from '../request/plan-request.ts'
import type { Request } from '../request/request.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import { impatience, limitPodman } from '../host/podman-limit.ts'
import { removeOtherFiles, writePrivateFiles } from '../state/private-files.ts'
import { runStep } from '../host/run-step.ts'
import { pullStates, type PullState } from '../survey/pull-states.ts'
import { currentUnits } from '../state/unit-sets.ts'
import { inOrder } from './in-order.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { isPendingUnit, neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import { anyPodmanVersion } from '../facts/podman-version.ts'
import type { PullProgress } from '../plan/pull-progress.ts'
import { pullSteps } from '../render/pull-steps.ts'
import type { PullFacts } from '../facts/facts.ts'
import { pullFacts } from '../request/host-facts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { locateStagedRoot } from '../root/staged-deployment.ts'
import { findImages } from '../survey/find-images.ts'
import { tryToRecord } from '../tags/record-deployment.ts'
import { protectImages } from '../tags/protect-images.ts'
import { repair } from '../staging/repair.ts'
import { isStagedSeen, lastStagingOutcome, stagingRefusal } from '../state/last-staging.ts'
import { planStaging, type PlannedStaging } from '../staging/plan-staging.ts'

/** A shutdown does not wait for a registry that is down as long as systemd does. */
const maxAttempts = 3
const pollMilliseconds = 200

/** For what is downloaded to be synced and recorded. */
const graceMilliseconds = 60_000

/**
 * At shutdown, while the network is still there: lets pulls that are under way end, and pulls what the staged
 * deployment still lacks, so that an update that was asked for together with the reboot is not lost.
 *
 * A pull that was given up is not retried, nor is anything pulled that does not fit.
 *
 * @param report takes a line for people
 * @returns the images that are missing after all
 */
export async function flush(report: (line: string) => void): Promise<readonly string[]> {
  const root = locateStagedRoot(hostRoot)
  if (root === undefined) return []
  const next = { root, role: 'staged' } as const
  const { settings } = readSettings(hostRoot)
  const { flushTimeoutSec } = settings
  const deadline = Date.now() + flushTimeoutSec * 1000
  // What the podman of the host cannot pull has no unit, so its version does not matter yet.
  const begun = readNextRequest(next, { podmanVersion: anyPodmanVersion, settings })
  const { failed, pulled } = await untilPullsEnd(
    neededPulls(planAsStaged(begun, settings)),
    deadline,
    report,
  )
  // Only now: a podman that unpacks a large layer keeps the others waiting.
  limitPodman({ each: impatience, deadline: Math.max(deadline, Date.now()) + graceMilliseconds })
  const facts = await pullFacts()
  const isLookedUp = readKnowledge(begun.name) !== undefined
  const { request, plan } =
    isLookedUp || flushTimeoutSec === 0
      ? recall(next, facts)
      : await lookUp(next, facts, deadline, report)
  // An image that has the tag may be an older one.
  const isOpen = ({ unit, boundImage, isNeeded }: Pull) =>
    isNeeded && isFloating(boundImage) && !pulled.has(unit)
  const wantedPulls = async () => {
    const missing = new Set(await missingPulls(request, plan, facts))
    return plan.pulls.filter(pull => missing.has(pull) || isOpen(pull))
  }
  if (flushTimeoutSec > 0 && stagingRefusal() === undefined && (await wantedPulls()).length > 0) {
    // It can take as long as there is time, and then nothing would be pulled.
    await repair(report, (Date.now() + deadline) / 2)
    const wanted = (await wantedPulls()).filter(({ unit }) => !failed.has(unit))
    await pullAll(request, planOnly(wanted, request, plan, facts), facts, deadline, report)
  }
  const found = await findImages(request, plan, facts)
  // It becomes the running system in any case, and what is there then has its names.
  if (facts.settings.gate !== 'require') tryToRecord(request.name, plan, found)
  return plan.pulls
    .filter((_, index) => found[index]?.presence !== 'present')
    .map(({ boundImage }) => boundImage.name)
}

/** What staging has found out. */
function recall(next: NextDeployment, facts: PullFacts): Pick<PlannedStaging, 'request' | 'plan'> {
  const request = readNextRequest(next, facts)
  return { request, plan: planAsStaged(request, facts.settings) }
}

/** Does what a staging did not get to: without it, an older image of the same tag would count. */
async function lookUp(
  next: NextDeployment,
  facts: PullFacts,
  deadline: number,
  report: (line: string) => void,
): Promise<PlannedStaging> {
  report('looking up the bound images, which staging did not get to')
  return planStaging(next, facts, report, (deadline - Date.now()) / 1000)
}

/**
 * Waits for pulls that are being carried out; for those of an earlier staging, half of the time at most. Not for units
 * that are `activating`: one that waits for its next try stays so for ever, because nothing is started any more.
 *
 * @returns the units that have used up their tries for this staging, and those that have pulled for it
 */
async function untilPullsEnd(
  pulls: readonly Pull[],
  deadline: number,
  report: (line: string) => void,
): Promise<Readonly<Record<'failed' | 'pulled', ReadonlySet<string>>>> {
  const own = new Set(pulls.map(({ unit }) => unit))
  const units = new Set([...[...currentUnits(runtimeDirectory)].filter(isPendingUnit), ...own])
  const half = (Date.now() + deadline) / 2
  let last = -1
  for (;;) {
    const states = await pullStates([...units])
    const running = states
      .filter(({ sub }) => sub === 'start' || sub === 'start-post')
      .filter(({ unit }) => own.has(unit) || Date.now() < half)
    if (running.length === 0 || Date.now() > deadline) {
      // Else they say something about an earlier one.
      const ended = isStagedSeen() && lastStagingOutcome() !== 'running' ? states : []
      // On systemd before 254, a stop between two tries leaves the unit failed, while its tries are counted.
      const usedUp = ended.filter(({ hasFailedAttempt }) => !hasFailedAttempt)
      return { failed: unitsThat(usedUp, 'failed'), pulled: unitsThat(ended, 'pulled') }
    }
    if (running.length !== last) report(`waiting for ${running.length} pulls under way`)
    last = running.length
    await sleep(pollMilliseconds)
  }
}

function unitsThat(states: readonly PullState[], progress: PullProgress): ReadonlySet<string> {
  return new Set(states.filter(state => state.progress === progress).map(({ unit }) => unit))
}

async function missingPulls(
  request: Request,
  plan: Plan,
  facts: PullFacts,
): Promise<readonly Pull[]> {
  const found = await findImages(request, plan, facts)
  return plan.pulls.filter((pull, index) => found[index]?.presence !== 'present')
}

/** A plan for some of its pulls alone, as if the other images were there. */
function planOnly(
  wanted: readonly Pull[],
  request: Request,
  plan: Plan,
  { settings }: PullFacts,
): Plan {
  const units = new Set(wanted.map(({ unit }) => unit))
  const known = readKnowledge(request.name)?.knowledge
  const knowledge = new Map(
    plan.pulls.map(({ unit, boundImage: { identity, digest }, layers }) => [
      identity,
      {
        digest,
        layers,
        isPresent: !units.has(unit),
        isHopeless: known?.get(identity)?.isHopeless,
      },
    ]),
  )
  return planRequest(request, settings, knowledge)
}

/** Carries out the pulls that a request needs, in its order. */
async function pullAll(
  { privateFiles, containersDirectory }: Request,
  plan: Plan,
  facts: PullFacts,
  deadline: number,
  report: (line: string) => void,
): Promise<void> {
  writePrivateFiles(privateFiles)
  // What the administrator took away since is not to be seen any more.
  removeOtherFiles([credentialsDirectory, containersDirectories], privateFiles)
  const { retryLimit, retryDelaySec, retryMaxDelaySec } = facts.settings
  const toFinish = { deadline: deadline + graceMilliseconds }
  const carryOut = async (pull: Pull) => {
    const steps = pullSteps(pull, facts)
    for (let attempt = 1; ; attempt++) {
      report(`pulling ${pull.boundImage.name}`)
      if (
        (await runStep(steps.mark, toFinish)) &&
        (await runStep(steps.pull, { deadline, containersDirectory })) &&
        (await runStep(steps.record, toFinish))
      )
        return
      await runStep(steps.unmark, toFinish)
      const delay = 1000 * Math.min(retryDelaySec * 2 ** (attempt - 1), retryMaxDelaySec)
      if (attempt >= Math.min(retryLimit, maxAttempts) || Date.now() + delay > deadline) return
      await sleep(delay)
    }
  }
  await protectImages(neededPulls(plan), facts, report)
  await inOrder(neededPulls(plan), carryOut)
}
