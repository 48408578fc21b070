/** Maximum delay of a timer in Node. */
const maxMilliseconds = 2 ** 31 - 1

/**
 * Computes a timeout for execa and timers from a deadline: whole milliseconds, at least one.
 *
 * @param deadline in milliseconds since 1970, possibly with a fraction
 */
export function timeLeft(deadline: number): number {
  return Math.min(maxMilliseconds, Math.max(1, Math.ceil(deadline - Date.now())))
}
