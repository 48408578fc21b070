import { generate, type Request } from '../generate.ts'
import { presentImages } from '../host/podman.ts'
import { removeOtherFiles, writePrivateFiles } from '../host/private-files.ts'
import {
  daemonReload,
  resetFailed,
  startUnit,
  stopIfIdle,
  stopUnit,
  unitStates,
} from '../host/systemctl.ts'
import { readCurrentSet, removeOldSets, swapSet } from '../host/unit-sets.ts'
import { pullProgress } from '../plan/pull-progress.ts'
import type { UnitText } from '../render/render-units.ts'
import { hostFacts } from './host-facts.ts'
import { containersDirectories, credentialsDirectory, runtimeDirectory } from '../directories.ts'

/** Makes systemd pull what is requested and nothing else. Does nothing when it already does. */
export async function applyRequest(request: Request | undefined): Promise<void> {
  const units = request === undefined ? [] : generate(request, await hostFacts())
  const privateFiles = request?.privateFiles ?? []
  writePrivateFiles(privateFiles)
  const old = readCurrentSet(runtimeDirectory)
  // Stale pulls are stopped while systemd still knows them; after the reload it could not.
  await stopStale(old, units)
  const isChanged = JSON.stringify(old) !== JSON.stringify(units)
  if (isChanged) swapSet(runtimeDirectory, units)
  if (isChanged || (await needsReload(units))) await daemonReload()
  removeOldSets(runtimeDirectory)
  removeOtherFiles([credentialsDirectory, containersDirectories], privateFiles)
  if (request !== undefined && units.length > 0) await startPulls(request)
}

async function stopStale(old: readonly UnitText[], units: readonly UnitText[]): Promise<void> {
  const wanted = new Set(units.map(({ name }) => name))
  const stale = old.map(({ name }) => name).filter(name => !wanted.has(name))
  // The target comes first in the alphabet, so who waits for it is told before its pulls stop.
  for (const { unit, active, hasJob } of await unitStates(stale)) {
    if (hasJob || !['inactive', 'failed'].includes(active)) await stopUnit(unit)
  }
  // Whatever failed, also by being stopped, would stay listed without a file.
  const stopped = await unitStates(stale)
  await resetFailed(stopped.filter(({ active }) => active === 'failed').map(({ unit }) => unit))
}

async function needsReload(units: readonly UnitText[]): Promise<boolean> {
  const states = await unitStates(units.map(({ name }) => name))
  return states.some(({ load, isStale }) => load !== 'loaded' || isStale)
}

async function startPulls({ plan: { target, pulls } }: Request): Promise<void> {
  const present = await presentImages(pulls.map(({ boundImage }) => boundImage.name))
  const states = await unitStates(pulls.map(({ unit }) => unit))
  const progress = states.map(state => ({ unit: state.unit, progress: pullProgress(state) }))
  // A unit stays active when its image is removed behind its back; it must run again.
  const lost = progress.filter(
    (state, index) =>
      state.progress === 'pulled' && !present.has(pulls[index]?.boundImage.name ?? ''),
  )
  for (const { unit } of lost) await stopUnit(unit)
  if (lost.length === 0 && progress.every(state => state.progress === 'pulled')) return
  // Without this, units that used up their tries would not be tried at all.
  await resetFailed(progress.filter(state => state.progress === 'failed').map(({ unit }) => unit))
  // It may be active from an earlier staging.
  await stopIfIdle('bootc-bound-images.target')
  await startUnit(target)
}
