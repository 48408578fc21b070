import type { Settings } from '../config/settings.ts'
import type { HostFacts } from '../facts/facts.ts'
import { storeDirectories, storePath } from '../facts/image-store.ts'
import { optionalPath, quoteArgument, quoteCommand } from './quote-argument.ts'
import { writtenAtStaging, type UnitText } from './unit-text.ts'

/**
 * Renders the drop-in with the settings that depend on the host and its configuration, for all pulls of a
 * set. Its name sorts between the two shipped drop-ins, 10-pull.conf and 50-isolation.conf.
 *
 * @param containersDirectory see `renderUnits`
 */
export function renderHostDropIn(
  facts: HostFacts,
  containersDirectory: string | undefined,
): UnitText {
  const { imageStore, libraryDirectory, settings } = facts
  const longest = maxDelaySec(settings)
  const firstDelay = Math.min(settings.randomizedDelaySec, longest)
  // retry-delay adds up to half.
  const maxDelay = Math.min(settings.retryMaxDelaySec, Math.floor(longest / 1.5))
  const unmark = quoteCommand([`${libraryDirectory}/unmark-pull`])
  const lines = [
    writtenAtStaging,
    '[Unit]',
    '# give-up counts the attempts, because systemd 252 counts wrongly. This limit is only a backstop.',
    `StartLimitBurst=${settings.retryLimit + spareStarts}`,
    '',
    '[Service]',
    `Environment=RETRY_LIMIT=${settings.retryLimit} RETRY_DELAY_SEC=${settings.retryDelaySec} RETRY_MAX_DELAY_SEC=${maxDelay}`,
    `Environment=RANDOMIZED_DELAY_SEC=${firstDelay}`,
    '# podman waits forever for a registry that sends nothing.',
    `Environment=STALL_TIMEOUT_SEC=${settings.stallTimeoutSec}`,
    '# For each command of an attempt.',
    `TimeoutStartSec=${settings.pullTimeoutSec}`,
    ...(hasRestartModes(facts)
      ? ['# Keep the target waiting between two attempts.', 'RestartMode=direct']
      : []),
    '# Stop retrying when that cannot help. It is the first, because systemd omits the rest after a failed one, and "-"',
    '# lets the other run in any case.',
    `ExecStopPost=-+${quoteCommand([`${libraryDirectory}/give-up`])} %n`,
    `ExecStopPost=${unmark} %N ${quoteArgument(storePath(imageStore))}`,
    '# Where podman writes. All else is read-only, see 50-isolation.conf.',
    `ReadWritePaths=${writablePaths(facts).map(optionalPath).join(' ')}`,
    ...(containersDirectory === undefined
      ? []
      : [
          "# The next deployment's registries, policy and certificates.",
          `BindReadOnlyPaths=${containersDirectory}:/etc/containers`,
          ...(facts.vendorDirectories ?? []).flatMap(path => [
            '# It has this, which podman 6 reads too. podman, as root, sees an empty directory.',
            `InaccessiblePaths=-${path}`,
          ]),
        ]),
    '',
  ]
  return { name: 'bootc-pending-.service.d/20-host.conf', contents: lines.join('\n') }
}

/** Without `RestartMode=`, systemd starts dependents of a unit after its first failed attempt. */
export function hasRestartModes({ systemdVersion }: Pick<HostFacts, 'systemdVersion'>): boolean {
  return systemdVersion >= 254
}

/**
 * Timeout of await-pulls in seconds. Shorter than that of the unit, so that systemd has time to answer: a
 * wait that is killed is a failed attempt.
 */
export function maxAwaitSec({ pullTimeoutSec }: Settings): number {
  return Math.max(0, pullTimeoutSec - 15)
}

/** Maximum delay in seconds. The timeout applies to each command of the unit, so also to the delay. */
function maxDelaySec({ pullTimeoutSec }: Settings): number {
  return Math.max(0, pullTimeoutSec - 1)
}

/** Number of starts that may come from elsewhere while a unit is retried. */
const spareStarts = 20

/** Without /var/tmp, which is private to the unit. */
function writablePaths({ imageStore, temporaryDirectory }: HostFacts): readonly string[] {
  const paths = [...storeDirectories(imageStore), imageStore.runDirectory, temporaryDirectory]
  return [...new Set(paths)].filter(path => path !== '/var/tmp')
}
