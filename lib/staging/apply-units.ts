import { containersDirectories, credentialsDirectory, runtimeDirectory } from '../directories.ts'
import { describeError } from '../text/describe-error.ts'
import { renderUnits } from '../render/render-units.ts'
import type { Request } from '../request/request.ts'
import { listStore, type Podman } from '../host/podman.ts'
import { removeOtherFiles } from '../state/private-files.ts'
import { storedImages } from '../host/stored-images.ts'
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
import { isStoreSuspect, rememberDamage, interruptedPulls } from '../state/unfinished-pulls.ts'
import { finishSwap, isSetLoaded, readCurrentSet, swapSet, unitNames } from '../state/unit-sets.ts'
import { isFloating } from '../bound-images/is-floating.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import type { PullProgress } from '../plan/pull-progress.ts'
import { pullStates } from '../survey/pull-states.ts'
import type { UnitText } from '../render/unit-text.ts'
import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { whyUnusable } from '../survey/why-unusable.ts'
import { checkSpace } from './check-space.ts'
import { protectImages } from '../tags/protect-images.ts'
import type { PlannedStaging } from './plan-staging.ts'
import { settleImages } from '../tags/settle-images.ts'
import type { HostFacts } from '../facts/facts.ts'

const flush = 'bootc-bound-images-flush.service'
const repair = 'bootc-bound-images-repair.service'
const settle = 'bootc-bound-images-settle.service'

/**
 * Makes systemd pull what is requested and nothing else. Does nothing when it already does.
 *
 * @param planned its private files are written already; undefined without a next deployment
 * @param warn takes a line for people
 * @returns why the pulls were not started; undefined when they were, or need not be
 */
export async function applyRequest(
  planned: PlannedStaging | undefined,
  facts: HostFacts & Podman,
  warn: (line: string) => void,
): Promise<string | undefined> {
  const units =
    planned === undefined
      ? []
      : renderUnits(
          planned.plan,
          { ...facts, isStoreSuspect: isStoreSuspect() },
          planned.request.containersDirectory,
        )
  // Only pulls need them.
  const privateFiles = units.length === 0 ? [] : (planned?.request.privateFiles ?? [])
  const old = readCurrentSet(runtimeDirectory)
  const isChanged = JSON.stringify(old) !== JSON.stringify(units)
  if (isChanged) {
    // Stale pulls are stopped while systemd still knows them; after the reload it could not.
    await stopStale(old, units)
    swapSet(runtimeDirectory, units)
  }
  if (isChanged || (await needsReload(units))) await daemonReload()
  finishSwap(runtimeDirectory)
  removeOtherFiles([credentialsDirectory, containersDirectories], privateFiles)
  return planned && startPulls(planned, unitNames(old), facts, warn)
}

async function stopStale(old: readonly UnitText[], units: readonly UnitText[]): Promise<void> {
  const wanted = unitNames(units)
  const stale = [...unitNames(old)].filter(name => !wanted.has(name))
  // When pulls end, what settles them begins, and waits for us; its start by the new target would be the same one.
  // The target comes first in the alphabet, so who waits for it is told before its pulls stop.
  const states = await unitStates([settle, ...stale])
  await stopUnits(
    states
      .filter(({ active, hasJob }) => hasJob || !['inactive', 'failed'].includes(active))
      .map(({ unit }) => unit),
  )
  // Whatever failed, also by being stopped, would stay listed without a file.
  const stopped = await unitStates([settle, ...stale])
  await resetFailed(stopped.filter(({ active }) => active === 'failed').map(({ unit }) => unit))
}

async function needsReload(units: readonly UnitText[]): Promise<boolean> {
  const states = await unitStates([...unitNames(units)])
  return !isSetLoaded(runtimeDirectory) || states.some(({ load }) => load !== 'loaded')
}

/** A pull, how far it is, and whether it has put its image in the store. */
interface PullState {
  readonly pull: Pull
  readonly progress: PullProgress
  readonly isStored: boolean
}

async function startPulls(
  { request, plan, doubt, isSameStaging }: PlannedStaging,
  known: ReadonlySet<string>,
  facts: HostFacts & Podman,
  warn: (line: string) => void,
): Promise<string | undefined> {
  // What another one pulled by a tag may be another image than this one's.
  const countsByTag = isSameStaging && known.has(plan.target)
  const states = await statesOf(request, plan, known, countsByTag, facts)
  if (states.every(({ progress, isStored }) => progress === 'pulled' && isStored)) {
    await settleImages(request, plan, facts)
    return undefined
  }
  if (await isShuttingDown()) {
    warn(`the host is shutting down: what is missing is left to ${flush}`)
    return undefined
  }
  const missing = states.filter(({ isStored }) => !isStored).map(({ pull }) => pull)
  const isUnderWay = states.some(({ progress }) => isRunning(progress))
  if (!isUnderWay) {
    const { refusal, warning } = checkSpace(missing, doubt, facts)
    if (refusal !== undefined) return refusal
    if (warning !== undefined) warn(warning)
    // Not beside pulls: it would take what they have half written for damaged.
    if (interruptedPulls().length > 0) await startUnit(repair)
  }
  await protectImages(missing, facts, warn)
  await Promise.all([
    startFlush(warn),
    resetForStart(states),
    // It may be active from an earlier staging.
    stopIfIdle('bootc-bound-images.target'),
  ])
  await startUnit(plan.target)
  return undefined
}

/** Only what is active when a shutdown begins is stopped, and so flushes. */
async function startFlush(warn: (line: string) => void): Promise<void> {
  try {
    await startNow(flush)
  } catch (error) {
    warn(`${describeError(error)}; a shutdown now would interrupt the pulls`)
  }
}

/**
 * @param known units that systemd had before; it can say nothing of the others
 * @param countsByTag whether what was pulled by a tag is what is wanted
 */
async function statesOf(
  { root }: Request,
  plan: Plan,
  known: ReadonlySet<string>,
  countsByTag: boolean,
  { imageStore }: HostFacts,
): Promise<readonly PullState[]> {
  const pulls = neededPulls(plan)
  const states = await pullStates(pulls.map(({ unit }) => unit).filter(unit => known.has(unit)))
  const progressOf = new Map(states.map(({ unit, progress }) => [unit, progress]))
  // Any other is pulled in any case.
  const done = pulls.filter(({ unit }) => progressOf.get(unit) === 'pulled')
  const stored = await storedImages(
    done.map(({ boundImage }) => storedName(boundImage)),
    imageStore,
  )
  const lost = done
    .map(({ boundImage }) => storedName(boundImage))
    .filter(name => !stored.has(name))
  // What was removed is not damaged; what podman lists and cannot inspect is, and a store that it cannot list.
  if (lost.length > 0) {
    const list = await listStore(imageStore).catch(() => undefined)
    if (list === undefined || lost.some(name => list.names.has(name))) rememberDamage()
  }
  const isStored = (boundImage: BoundImage) => {
    const image = stored.get(storedName(boundImage))
    return image !== undefined && whyUnusable(boundImage, image, root, imageStore) === undefined
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
  // A unit stays active when its image is removed behind its back; it must run again.
  const lost = states.filter(({ progress, isStored }) => progress === 'pulled' && !isStored)
  await stopUnits(lost.map(({ pull }) => pull.unit))
  // Without this, units that used up their tries would not be tried at all.
  const failed = states.filter(({ progress }) => progress === 'failed')
  await resetFailed(failed.map(({ pull }) => pull.unit))
}
