import { timeLeft } from './time-left.ts'

/** In milliseconds. Another podman can hold the lock of the store this long while it unpacks a large layer. */
const defaultTimeout = 300_000

/** In milliseconds, for commands that cannot wait for a pull. */
export const shortTimeout = 30_000

let each = defaultTimeout
let end = Infinity

/**
 * Limits how long this process waits for podman.
 *
 * @param limits `each` is the timeout of one command in milliseconds, `deadline` that of all in milliseconds since 1970
 */
export function limitPodman(limits: { readonly each: number; readonly deadline?: number }): void {
  each = limits.each
  end = limits.deadline ?? end
}

/** Timeout in milliseconds for a podman command that needs only local files. */
export function podmanLimit(): number {
  return Math.min(each, timeLeft(end))
}
