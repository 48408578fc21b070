/** The longest timer of Node's. */
const most = 2 ** 31 - 1

/**
 * How long a command may still run, as execa and timers take it: whole milliseconds, at least one.
 *
 * @param deadline in milliseconds since 1970, which can have fractions
 */
export function timeLeft(deadline: number): number {
  return Math.min(most, Math.max(1, Math.ceil(deadline - Date.now())))
}
