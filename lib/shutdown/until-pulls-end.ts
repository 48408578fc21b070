import { setTimeout as sleep } from 'node:timers/promises'
import { runtimeDirectory } from '../directories.ts'
import { isPendingUnit, type Pull } from '../plan/plan-pulls.ts'
import type { PullProgress } from '../plan/pull-progress.ts'
import { isStagedSeen, lastStagingOutcome } from '../state/last-staging.ts'
import { currentUnits } from '../state/unit-sets.ts'
import { pullStates, type PullState } from '../survey/pull-states.ts'

const pollMilliseconds = 200

/**
 * Waits for running pulls; for those of an earlier staging, at most half of the time. Checks the sub-state, because a
 * unit that waits for its next attempt stays `activating` forever: systemd starts nothing more during a shutdown.
 *
 * @returns the units that were given up for this staging, and those that have pulled for it
 */
export async function untilPullsEnd(
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
      // If the staging did not run to its end, the states are those of an earlier staging.
      const ended = isStagedSeen() && lastStagingOutcome() !== 'running' ? states : []
      // With systemd older than 254, a stop between two attempts leaves the unit failed. give-up still counts then.
      const givenUp = ended.filter(({ hasFailedAttempt }) => !hasFailedAttempt)
      return { failed: unitsThat(givenUp, 'failed'), pulled: unitsThat(ended, 'pulled') }
    }
    if (running.length !== last) report(`waiting for ${running.length} pulls under way`)
    last = running.length
    await sleep(pollMilliseconds)
  }
}

function unitsThat(states: readonly PullState[], progress: PullProgress): ReadonlySet<string> {
  return new Set(states.filter(state => state.progress === progress).map(({ unit }) => unit))
}
