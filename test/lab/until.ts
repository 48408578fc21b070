import type { Host } from './host.ts'

/**
 * Waits on a host until a bash command succeeds.
 *
 * @throws Error when it has not within so many seconds
 */
export async function until(host: Host, command: string, seconds = 60): Promise<void> {
  const { exitCode } = await host.run(
    `for i in $(seq ${seconds * 10}); do { ${command}\n} >/dev/null 2>&1 && exit; sleep 0.1; done; exit 1`,
    { timeoutMs: Math.max(120_000, seconds * 2000) },
  )
  if (exitCode !== 0) throw new Error(`${host.name}: not within ${seconds} s: ${command}`)
}

/** Succeeds while a pull is carried out. */
export const isPulling = 'pgrep -f "^/usr/bin/podman .*image [p]ull"'

/** Succeeds when no pull is carried out, nor waits for its next attempt. */
export const havePullsEnded =
  '! systemctl list-units --plain --no-legend --state=activating "bootc-pending-*" | grep pending'

/** Succeeds when no staging is under way, nor the look for another one after it. */
export const isStagingOver =
  "! systemctl list-jobs --plain --no-legend 'bootc-bound-images-stage*' 'bootc-bound-images-recheck*' | grep '[.]service'"

/** Succeeds when a pull has failed and waits for its next try. */
export const isRetrying = 'journalctl -b -u "bootc-pending-*" -o cat | grep "retrying in"'

/** Succeeds when the look at each boot, which would pull what is missing, is over. */
export const hasLookedAtBoot =
  '[ "$(systemctl is-active bootc-bound-images-boot.service)" != active ]'

/** Succeeds when nothing is under way that would start again what is stopped by hand, or pull what is removed. */
export const isAtRest = `${hasLookedAtBoot} && ${isStagingOver}`
