import { hostRoot } from '../directories.ts'
import { readSettings } from '../config/read-settings.ts'
import { planAsStaged } from '../request/plan-as-staged.ts'
import { planRequest } from '../request/plan-request.ts'
import type { Request } from '../request/request.ts'
import { readKnowledge } from '../state/knowledge-file.ts'
import { limitPodman, shortTimeout } from '../host/podman-limit.ts'
import type { Look } from './look.ts'
import { graceMilliseconds, pullMissing } from './pull-missing.ts'
import { untilPullsEnd } from './until-pulls-end.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import { anyPodmanVersion } from '../facts/podman-version.ts'
import type { PullFacts } from '../facts/facts.ts'
import { pullFacts } from '../request/host-facts.ts'
import { requireSameStore, requireStore } from '../request/store-mounts.ts'
import type { NextDeployment } from '../request/next-deployment.ts'
import { readNextRequest } from '../request/read-host-request.ts'
import { findImages } from '../survey/find-images.ts'
import { repair } from '../staging/repair.ts'
import { resolveAgain } from '../staging/resolve-again.ts'
import { stagingRefusal } from '../state/last-staging.ts'
import { planStaging, type PlannedStaging } from '../staging/plan-staging.ts'

/**
 * Waits for running pulls, and pulls the missing images of the staged deployment, so that an update takes effect if it
 * was requested together with the reboot.
 *
 * Does not retry a pull that was given up. Pulls nothing if staging did not start the pulls for lack of space, and no
 * image that staging left out.
 *
 * @param root directory of the staged deployment
 * @param report takes a line for people
 * @returns the last look
 */
export async function flush(root: string, report: (line: string) => void): Promise<Look> {
  const next = { root, role: 'staged' } as const
  const { settings } = readSettings(hostRoot)
  const { flushTimeoutSec } = settings
  const deadline = Date.now() + flushTimeoutSec * 1000
  // Images that the host's podman cannot pull have no unit, so its version does not matter yet.
  const begun = readNextRequest(next, { podmanVersion: anyPodmanVersion })
  const known = planAsStaged(begun, settings)
  const { failed, pulled } = await untilPullsEnd(neededPulls(known), deadline, report)
  // Limit podman only now: while a pull unpacks a large layer, other podman processes wait for its lock.
  limitPodman({ each: shortTimeout, deadline: Math.max(deadline, Date.now()) + graceMilliseconds })
  requireSameStore()
  const facts = await pullFacts(settings)
  if (known.pulls.length > 0) await requireStore(facts.imageStore, { remembers: true })
  const isLookedUp = readKnowledge(begun.name) !== undefined
  let { request, plan } = isLookedUp
    ? recall(next, facts)
    : await lookUp(next, facts, deadline, report)
  // The image that has the tag may be an older one.
  const mayBeOlder = ({ unit, boundImage, isNeeded }: Pull) =>
    isNeeded && isFloating(boundImage) && !pulled.has(unit)
  const look = async () => {
    const found = await findImages(request, plan, facts)
    const wanted = plan.pulls.filter(
      (pull, index) =>
        pull.noRoom === undefined && (found[index]?.presence !== 'present' || mayBeOlder(pull)),
    )
    return { request, plan, facts, found, wanted }
  }
  const before = await look()
  const refusal = stagingRefusal() ?? request.store?.obstacle
  if (before.wanted.length === 0 || refusal !== undefined) return before
  // Give repair half of the remaining time, because it could use all of it and leave none for pulls.
  await repair(report, (Date.now() + deadline) / 2)
  const errors = new Map<string, string>()
  for (;;) {
    const { wanted } = await look()
    const untried = wanted.filter(({ unit }) => !failed.has(unit) && !errors.has(unit))
    const limited = planOnly(untried, request, plan, facts)
    for (const [unit, error] of await pullMissing(request, limited, facts, deadline, report))
      errors.set(unit, error)
    const after = await look()
    const missing = plan.pulls.filter(
      ({ noRoom }, index) => noRoom === undefined && after.found[index]?.presence === 'missing',
    )
    if (!(await resolveAgain(request, missing, deadline, report)))
      return { ...after, errors, isUnresolved: !isLookedUp && isUnresolved(after, errors) }
    ;({ request, plan } = recall(next, facts))
  }
}

/** Plans as staging did. */
function recall(next: NextDeployment, facts: PullFacts): Pick<PlannedStaging, 'request' | 'plan'> {
  const request = readNextRequest(next, facts)
  return { request, plan: planAsStaged(request, facts.settings) }
}

/** Resolves the images if staging did not. Otherwise an older image with the same tag would count as present. */
async function lookUp(
  next: NextDeployment,
  facts: PullFacts,
  deadline: number,
  report: (line: string) => void,
): Promise<PlannedStaging> {
  report('looking up the bound images, which staging did not get to')
  return planStaging(next, facts, report, (deadline - Date.now()) / 1000)
}

/** A plan for only the wanted pulls, as if the other images were present. */
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
        isRefused: known?.get(identity)?.isRefused,
      },
    ]),
  )
  return planRequest(request, settings, knowledge)
}

/** Whether the pull of a tag that has not been resolved has failed: an image of that name may be an older one. */
function isUnresolved({ plan }: Look, errors: ReadonlyMap<string, string>): boolean {
  return plan.pulls.some(
    ({ unit, boundImage }) =>
      isFloating(boundImage) && boundImage.digest === undefined && errors.has(unit),
  )
}
