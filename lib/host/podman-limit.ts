import { timeLeft } from './time-left.ts'

/** In milliseconds: a podman that unpacks a large layer may hold the lock of the store so long. */
const patience = 300_000

/** For who cannot wait for a pull. */
export const impatience = 30_000

let each = patience
let end = Infinity

/**
 * Limits how long this process waits for podman.
 *
 * @param limits for one question in milliseconds, and until when in milliseconds since 1970
 */
export function limitPodman(limits: { readonly each: number; readonly deadline?: number }): void {
  each = limits.each
  end = limits.deadline ?? end
}

/** How long podman may take for a question about local files, in milliseconds. */
export function podmanLimit(): number {
  return Math.min(each, timeLeft(end))
}
