import type { Settings } from '../config/settings.ts'
import type { HostFacts } from '../facts/facts.ts'
import { neededPulls, type Plan, type Pull } from '../plan/plan-pulls.ts'
import { pullSteps } from './pull-steps.ts'
import { escapeSpecifiers, optionalPath, quoteArgument } from './quote-argument.ts'

/** A file of systemd's, as data: its name and its whole text. */
export interface UnitText {
  readonly name: string
  readonly contents: string
}

/**
 * Renders the whole set of units of a plan, sorted by name. A plan that needs no pull needs none.
 *
 * @param containersDirectory what the pulls must see as /etc/containers, if not the host's own
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
    ...needed.map(pull => renderPendingUnit(pull, facts, containersDirectory)),
  ].toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

function renderTarget(name: string, pulls: readonly Pull[]): UnitText {
  const units = pulls.map(({ unit }) => unit).toSorted()
  return {
    name,
    contents: [
      '# Written by bootc-bound-images at staging. Changes are lost at the next staging.',
      '[Unit]',
      'Description=Bound images of one staged deployment',
      'Documentation=man:bootc-bound-images(8)',
      ...units.flatMap(unit => [`Requires=${unit}`, `After=${unit}`]),
      'Wants=bootc-bound-images-settle.service',
      '',
    ].join('\n'),
  }
}

function renderPendingUnit(
  pull: Pull,
  facts: HostFacts,
  containersDirectory: string | undefined,
): UnitText {
  const { unit, boundImage, entries, after } = pull
  const { systemdVersion, libraryDirectory, settings, isStoreSuspect = false } = facts
  const steps = pullSteps(pull, facts)
  return {
    name: unit,
    contents: [
      '# Written by bootc-bound-images at staging. Changes are lost at the next staging.',
      ...entries.map(entry => `# Bound-image spec: ${entry}`),
      '[Unit]',
      escapeSpecifiers(`Description=Pull bound image ${boundImage.name}`),
      'Documentation=man:bootc-bound-images(8) man:podman-pull(1)',
      'Wants=network-online.target',
      'After=network-online.target',
      '# What a power failure damaged is removed first.',
      'After=bootc-bound-images-repair.service',
      '# At shutdown a pull in flight ends under this instead of being killed.',
      'Before=bootc-bound-images-flush.service',
      '# Once all have ended, the images get their names.',
      'Before=bootc-bound-images-settle.service',
      ...(after.length === 0
        ? []
        : [
            '# They bring layers that this image has too, or have its place among MaxParallel= pulls at a time.',
            ...after.map(other => `After=${other}`),
          ]),
      '# The tries are counted by give-up, because systemd 252 also counts every start that finds the unit between',
      '# two tries, and forgets the count at a daemon-reload. This limit is for the case that it cannot.',
      'StartLimitIntervalSec=infinity',
      `StartLimitBurst=${settings.retryLimit + spareStarts}`,
      '',
      '[Service]',
      'Type=oneshot',
      'RemainAfterExit=yes',
      'Slice=bootc-pending.slice',
      ...(after.length === 0 || systemdVersion >= restartModes
        ? []
        : [
            '# This systemd starts those who wait for others after a first failed try of these.',
            `ExecStartPre=+${command([`${libraryDirectory}/await-pulls`, `${longestAwait(settings)}`, ...after])}`,
          ]),
      '# A growing delay before each further try. RestartSteps= would lose it at every daemon-reload. Then a mark:',
      '# until it is taken away, a crash means that what podman has may be damaged.',
      `Environment=RETRY_LIMIT=${settings.retryLimit} RETRY_DELAY_SEC=${settings.retryDelaySec} RETRY_MAX_DELAY_SEC=${Math.min(settings.retryMaxDelaySec, longestWait(settings))}`,
      `ExecStartPre=+${command([`${libraryDirectory}/retry-delay`])} %n ${command(steps.mark)}`,
      '# Fewer collections of garbage, which are a fifth of its work for a small image.',
      'Environment=GOGC=400',
      `ExecStart=${command(steps.pull)}`,
      "# An error can be a registry's text; none of it is a priority.",
      'SyslogLevelPrefix=no',
      '# Syncs its files, without which a power failure can lose or damage it.',
      `ExecStartPost=${isStoreSuspect ? '' : '+'}${command(steps.record)}`,
      `ExecStopPost=${command(steps.unmark)}`,
      '# Ends the tries early when they cannot help.',
      `ExecStopPost=+${command([`${libraryDirectory}/give-up`])} %n`,
      'Restart=on-failure',
      'RestartSec=100ms',
      '# Keeps the target waiting between the tries.',
      ...(systemdVersion >= restartModes ? ['RestartMode=direct'] : []),
      '# For each try: podman waits for ever for a registry that says nothing.',
      `TimeoutStartSec=${settings.pullTimeoutSec}`,
      '# It does not end while it waits for the lock of a layer.',
      'TimeoutStopSec=10',
      '# podman leaves partial layers in /var/tmp when it is stopped.',
      'PrivateTmp=yes',
      '# All else is read-only, see bootc-pending-.service.d.',
      `ReadWritePaths=${writablePaths(facts).map(optionalPath).join(' ')}`,
      'StateDirectory=bootc-bound-images',
      'StateDirectoryMode=0700',
      ...(containersDirectory === undefined
        ? []
        : [
            "# The new deployment's registries, policy and certificates.",
            `BindReadOnlyPaths=${containersDirectory}:/etc/containers`,
          ]),
      '',
    ].join('\n'),
  }
}

/** Where podman writes; /var/tmp is one that only the unit sees. */
function writablePaths({ imageStore, temporaryDirectory }: HostFacts): readonly string[] {
  const { directory, runDirectory } = imageStore
  return [...new Set([directory, runDirectory, temporaryDirectory])].filter(
    path => path !== '/var/tmp',
  )
}

/** The first systemd with `RestartMode=`. */
const restartModes = 254

/** So many starts may come from elsewhere while a unit has its tries. */
const spareStarts = 20

/** The timeout is that of each command of the unit, and so of the delay too. */
function longestWait({ pullTimeoutSec }: Settings): number {
  return Math.max(0, pullTimeoutSec - 1)
}

/** With room for systemd's answers: a wait that is killed is a failed try. */
function longestAwait({ pullTimeoutSec }: Settings): number {
  return Math.max(0, pullTimeoutSec - 15)
}

function command(words: readonly string[]): string {
  return words.map(quoteArgument).join(' ')
}
