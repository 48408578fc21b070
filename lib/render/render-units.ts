import type { HostFacts } from '../facts/facts.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import { pullSteps } from './pull-steps.ts'
import { escapeSpecifiers, quoteCommand } from './quote-argument.ts'
import { hasRestartModes, maxAwaitSec, renderHostDropIn } from './render-host-drop-in.ts'
import { writtenAtStaging, type UnitText } from './unit-text.ts'

/**
 * Renders all units of a plan, sorted by name: a target, a unit for each pull, and one drop-in for all pulls.
 * Settings that are the same on every host are in units/bootc-pending-.service.d. A plan without needed pulls
 * has no units.
 *
 * @param containersDirectory directory that the pulls see as /etc/containers, if not that of the host
 */
export function renderUnits(
  plan: Plan,
  facts: HostFacts,
  containersDirectory: string | undefined,
): readonly UnitText[] {
  const needed = neededPulls(plan)
  if (needed.length === 0) return []
  return [
    renderTarget(plan.target, needed),
    renderHostDropIn(facts, containersDirectory),
    ...needed.map(pull => renderPendingUnit(pull, facts)),
  ].toSorted(byName)
}

/** Compares two files of a set by their names. */
export function byName(a: UnitText, b: UnitText): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
}

function renderTarget(name: string, pulls: readonly Pull[]): UnitText {
  const units = pulls.map(({ unit }) => unit).toSorted()
  return {
    name,
    contents: [
      writtenAtStaging,
      '[Unit]',
      'Description=Bound images of one staged deployment',
      'Documentation=man:bootc-bound-images(8)',
      ...units.flatMap(unit => [`Requires=${unit}`, `After=${unit}`]),
      'Wants=bootc-bound-images-settle.service',
      '',
    ].join('\n'),
  }
}

function renderPendingUnit(pull: Pull, facts: HostFacts): UnitText {
  const { unit, boundImage, entries, after } = pull
  const { libraryDirectory, settings, isStoreSuspect = false } = facts
  const steps = pullSteps(pull, facts)
  const { pullByTag } = steps
  const byTag =
    pullByTag === undefined
      ? []
      : [`${libraryDirectory}/by-digest-or-tag`, unit, `${pullByTag.length}`, ...pullByTag]
  // In systemd < 254, the first failed attempt satisfies After=, so wait explicitly.
  const awaits = after.length > 0 && !hasRestartModes(facts)
  const awaitPulls = [`${libraryDirectory}/await-pulls`, `${maxAwaitSec(settings)}`, ...after]
  return {
    name: unit,
    contents: [
      writtenAtStaging,
      ...entries.map(entry => `# Bound-image spec: ${entry}`),
      '[Unit]',
      escapeSpecifiers(`Description=Pull bound image ${boundImage.name}`),
      ...(after.length === 0 ? [] : [`After=${after.join(' ')}`]),
      '',
      '[Service]',
      ...(awaits ? [`ExecStartPre=+${quoteCommand(awaitPulls)}`] : []),
      `ExecStart=${quoteCommand([`${libraryDirectory}/until-stalled`, ...byTag, ...steps.pull])}`,
      // A failure does not matter: settle names what has no name. It looks into every store of the host.
      ...(steps.name === undefined ? [] : [`ExecStartPost=-+${quoteCommand(steps.name)}`]),
      `ExecStartPost=${isStoreSuspect ? '' : '+'}${quoteCommand(steps.record)}`,
      '',
    ].join('\n'),
  }
}
