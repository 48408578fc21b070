import { containersDirectories, credentialsDirectory, runtimeDirectory } from '../directories.ts'
import { describeError } from '../text/describe-error.ts'
import { renderStoreDropIns } from '../render/render-store-drop-ins.ts'
import { byName, renderUnits } from '../render/render-units.ts'
import type { Request } from '../request/request.ts'
import { gate } from '../host/finalization-units.ts'
import { listStore, type Podman } from '../host/podman.ts'
import { removeOtherFiles } from '../state/private-files.ts'
import { storedContents } from '../survey/stored-contents.ts'
import {
  daemonReload,
  isShuttingDown,
  resetFailed,
  startNow,
  startUnit,
  stopIfIdle,
  stopUnits,
  unitStates,
} from '../host/systemctl.ts'
import { rememberDamage, suspicions } from '../state/unfinished-pulls.ts'
import { finishSwap, isSetLoaded, readCurrentSet, swapSet, unitNames } from '../state/unit-sets.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import type { PullProgress } from '../plan/pull-progress.ts'
import { pullStates } from '../survey/pull-states.ts'
import type { UnitText } from '../render/unit-text.ts'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { whyUnusable } from '../survey/why-unusable.ts'
import { whyUnverified } from '../survey/why-unverified.ts'
import { checkSpace } from './check-space.ts'
import { protectImages } from '../tags/protect-images.ts'
import type { PlannedStaging } from './plan-staging.ts'
import { settleImages } from '../tags/settle-images.ts'
import type { HostFacts } from '../facts/facts.ts'

const repair = 'bootc-bound-images-repair.service'
const running = 'bootc-bound-images-running.service'
const settle = 'bootc-bound-images-settle.service'

/**
 * Makes systemd pull the requested images and no others. Does nothing if systemd already does so.
 *
 * @param planned its private files are written already
 * @param unmounted see `seeStore`
 * @param warn takes a line for people
 * @returns why the pulls were not started; undefined if they were, or are not needed
 */
export async function applyRequest(
  planned: PlannedStaging,
  facts: HostFacts & Podman,
  unmounted: string | undefined,
  warn: (line: string) => void,
): Promise<string | undefined> {
  const obstacle = planned.request.store?.obstacle
  const units = renderSet(obstacle === undefined ? planned : undefined, facts)
  // Only pulls need private files.
  const privateFiles = unitNames(units).size === 0 ? [] : planned.request.privateFiles
  const old = readCurrentSet(runtimeDirectory)
  const isChanged = JSON.stringify(old) !== JSON.stringify(units)
  if (isChanged) {
    // Stop stale pulls before the reload, because systemd does not know their units afterwards.
    await stopStale(old, units)
    swapSet(runtimeDirectory, units)
  }
  if (isChanged || (await needsReload(units))) await daemonReload()
  finishSwap(runtimeDirectory)
  removeOtherFiles([credentialsDirectory, containersDirectories], privateFiles)
  const hasPulls = planned.plan.pulls.length > 0
  if (obstacle !== undefined && hasPulls) return obstacle
  if (unmounted !== undefined) return hasPulls ? unmounted : undefined
  return startPulls(planned, unitNames(old), facts, warn)
}

function renderSet(planned: PlannedStaging | undefined, facts: HostFacts): readonly UnitText[] {
  const pulls =
    planned === undefined
      ? []
      : renderUnits(
          planned.plan,
          { ...facts, isStoreSuspect: suspicions().length > 0 },
          planned.request.containersDirectory,
        )
  return [...renderStoreDropIns(facts), ...pulls].toSorted(byName)
}

async function stopStale(old: readonly UnitText[], units: readonly UnitText[]): Promise<void> {
  const wanted = unitNames(units)
  const stale = [...unitNames(old)].filter(name => !wanted.has(name))
  // When stale pulls end, settle starts and waits for our lock; the new target would then not start it again. Stop it.
  // The target sorts first, so clients that wait for it are notified before its pulls stop.
  const states = await unitStates([settle, ...stale])
  await stopUnits(
    states
      .filter(({ active, hasJob }) => hasJob || !['inactive', 'failed'].includes(active))
      .map(({ unit }) => unit),
  )
  // systemd would keep listing failed units without a file, also those that failed because they were stopped.
  const stopped = await unitStates([settle, ...stale])
  await resetFailed(stopped.filter(({ active }) => active === 'failed').map(({ unit }) => unit))
}

async function needsReload(units: readonly UnitText[]): Promise<boolean> {
  const states = await unitStates([...unitNames(units)])
  return !isSetLoaded(runtimeDirectory) || states.some(({ load }) => load !== 'loaded')
}

/** A pull, its progress, and whether its image is in the store. */
interface PullState {
  readonly pull: Pull
  readonly progress: PullProgress
  readonly isStored: boolean
}

async function startPulls(
  { request, plan, localFailure, isSameStaging }: PlannedStaging,
  known: ReadonlySet<string>,
  facts: HostFacts & Podman,
  warn: (line: string) => void,
): Promise<string | undefined> {
  // The pull of a tag for another staging may have fetched another image.
  const countsByTag = isSameStaging && known.has(plan.target)
  const states = await statesOf(request, plan, known, countsByTag, facts)
  if (states.every(({ progress, isStored }) => progress === 'pulled' && isStored)) {
    await settleImages(request, plan, facts)
    return undefined
  }
  if (await isShuttingDown()) {
    warn(`the host is shutting down: what is missing is left to ${gate}`)
    return undefined
  }
  const missing = states.filter(({ isStored }) => !isStored).map(({ pull }) => pull)
  const isPulling = states.some(({ progress }) => isRunning(progress))
  if (!isPulling) {
    const { refusal, warning } = checkSpace(missing, localFailure, facts)
    if (refusal !== undefined) return refusal
    if (warning !== undefined) warn(warning)
    // Repair does not run during pulls, because it would treat their incomplete layers as damaged.
    if (suspicions().length > 0) await startUnit(repair)
  }
  await protectImages(missing, facts, warn)
  await Promise.all([
    startRunning(warn),
    resetForStart(states),
    // The target may be active from an earlier staging.
    stopIfIdle('bootc-bound-images.target'),
  ])
  await startUnit(plan.target)
  return undefined
}

/** At boot, the service is not started on a host that has no state directory yet. */
async function startRunning(warn: (line: string) => void): Promise<void> {
  try {
    await startNow(running)
  } catch (error) {
    warn(`${describeError(error)}; a power failure now would not be noticed`)
  }
}

/**
 * @param known units of the previous set; systemd has no state of the others
 * @param countsByTag whether an image that was pulled by a floating tag counts as the wanted one
 */
async function statesOf(
  request: Request,
  plan: Plan,
  known: ReadonlySet<string>,
  countsByTag: boolean,
  facts: HostFacts,
): Promise<readonly PullState[]> {
  const pulls = neededPulls(plan)
  const states = await pullStates(pulls.map(({ unit }) => unit).filter(unit => known.has(unit)))
  const progressOf = new Map(states.map(({ unit, progress }) => [unit, progress]))
  // Check only these: all other images are pulled in any case.
  const done = pulls.filter(({ unit }) => progressOf.get(unit) === 'pulled')
  const wanted = done.map(({ boundImage }) => boundImage)
  const stored = await storedContents(wanted, facts)
  const missing = wanted
    .filter(({ identity, isArtifact }) => !isArtifact && !stored.has(identity))
    .map(storedName)
  // A removed image is not damaged. One that podman lists and cannot inspect is damaged.
  if (missing.length > 0) {
    const { names } = await listStore(facts.imageStore)
    if (missing.some(name => names.has(name))) rememberDamage()
  }
  const isStored = (boundImage: BoundImage) => {
    const image = stored.get(boundImage.identity)
    return (
      image !== undefined &&
      whyUnusable(boundImage, image, request) === undefined &&
      whyUnverified(boundImage, image.id) === undefined
    )
  }
  return pulls.map(pull => ({
    pull,
    progress: progressOf.get(pull.unit) ?? 'unknown',
    isStored: isStored(pull.boundImage) && (countsByTag || !isFloating(pull.boundImage)),
  }))
}

function isRunning(progress: PullProgress): boolean {
  return progress === 'pulling' || progress === 'retrying'
}

async function resetForStart(states: readonly PullState[]): Promise<void> {
  // A unit stays active if its image is removed. Stop it, so that it runs again.
  const missing = states.filter(({ progress, isStored }) => progress === 'pulled' && !isStored)
  await stopUnits(missing.map(({ pull }) => pull.unit))
  // Without this, systemd would not start units that have used all their attempts.
  const failed = states.filter(({ progress }) => progress === 'failed')
  await resetFailed(failed.map(({ pull }) => pull.unit))
}
