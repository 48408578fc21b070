import type { Plan, Pull } from '../plan/plan-pulls.ts'
import type { PodmanVersion } from '../plan/podman-version.ts'
import { pullCommand } from './pull-command.ts'
import { escapeSpecifiers, quoteArgument } from './quote-argument.ts'

/** A file of systemd's, as data: its name and its whole text. */
export interface UnitText {
  readonly name: string
  readonly contents: string
}

/** What the text of the units depends on beside the plan. */
export interface HostFacts {
  /** Version of the running systemd, like 257. */
  readonly systemdVersion: number
  /** Version of the podman that will pull. */
  readonly podmanVersion: PodmanVersion
  /** Root directory of podman's image store. */
  readonly imageStore: string
  /** Directory of the product's own programs. */
  readonly libraryDirectory: string
}

/**
 * Renders the whole set of units of a plan, sorted by name. A plan without pulls needs none.
 *
 * @param containersDirectory what the pulls must see as /etc/containers, if not the host's own
 */
export function renderUnits(
  { target, pulls }: Plan,
  facts: HostFacts,
  containersDirectory: string | undefined,
): readonly UnitText[] {
  if (pulls.length === 0) return []
  return [
    renderTarget(target, pulls),
    ...pulls.map(pull => renderPendingUnit(pull, facts, containersDirectory)),
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
      '',
    ].join('\n'),
  }
}

function renderPendingUnit(
  { unit, boundImage, entries }: Pull,
  { systemdVersion, podmanVersion, imageStore, libraryDirectory }: HostFacts,
  containersDirectory: string | undefined,
): UnitText {
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
      '# This many tries, however long they take.',
      'StartLimitIntervalSec=infinity',
      'StartLimitBurst=6',
      '',
      '[Service]',
      'Type=oneshot',
      'RemainAfterExit=yes',
      'Slice=bootc-pending.slice',
      '# A growing delay before each further try. RestartSteps= would lose it at every daemon-reload.',
      'Environment=RETRY_DELAY_SEC=5 RETRY_MAX_DELAY_SEC=300',
      `ExecStartPre=${command(`${libraryDirectory}/retry-delay`)} %n`,
      `ExecStart=${command(...pullCommand(boundImage, podmanVersion))}`,
      '# Until its files are synced, an image can be lost or damaged by a power failure.',
      `ExecStartPost=${command('/usr/bin/sync', '-f', imageStore)}`,
      'Restart=on-failure',
      'RestartSec=100ms',
      '# Keeps the target waiting between the tries.',
      ...(systemdVersion >= 254 ? ['RestartMode=direct'] : []),
      '# For each try: podman waits for ever for a registry that says nothing.',
      'TimeoutStartSec=1h',
      '# podman leaves partial layers in /var/tmp when it is stopped.',
      'PrivateTmp=yes',
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

function command(...words: readonly string[]): string {
  return words.map(quoteArgument).join(' ')
}
