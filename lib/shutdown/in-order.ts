import type { Pull } from '../plan/plan-pulls.ts'

/**
 * Carries out pulls in the order of their plan, as systemd does with their units: each starts when those in its `after`
 * have succeeded or failed.
 *
 * @throws the first error of `carryOut`, after all pulls have ended
 */
export async function inOrder<P extends Pick<Pull, 'unit' | 'after'>>(
  pulls: readonly P[],
  carryOut: (pull: P) => Promise<void>,
): Promise<void> {
  const ends = new Map<string, Promise<void>>()
  const run = async (pull: P): Promise<void> => {
    // Continue only when `ends` has an entry for every pull.
    await Promise.resolve()
    await Promise.allSettled(pull.after.flatMap(unit => ends.get(unit) ?? []))
    await carryOut(pull)
  }
  for (const pull of pulls) ends.set(pull.unit, run(pull))
  const results = await Promise.allSettled(ends.values())
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
