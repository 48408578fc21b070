import type { Pull } from '../plan/plan-pulls.ts'

/**
 * Carries out pulls in the order of their plan, as systemd does with their units: each as soon as those have ended that
 * it is to come after, however they ended.
 *
 * @throws what `carryOut` throws, when all that could be carried out has ended
 */
export async function inOrder<P extends Pick<Pull, 'unit' | 'after'>>(
  pulls: readonly P[],
  carryOut: (pull: P) => Promise<void>,
): Promise<void> {
  const ends = new Map<string, Promise<void>>()
  const run = async (pull: P): Promise<void> => {
    // By then each of them has an end to wait for.
    await Promise.resolve()
    await Promise.allSettled(pull.after.flatMap(unit => ends.get(unit) ?? []))
    await carryOut(pull)
  }
  for (const pull of pulls) ends.set(pull.unit, run(pull))
  const results = await Promise.allSettled(ends.values())
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
