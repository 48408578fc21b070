import { Refusal } from '../text/fault.ts'

const mostBytes = 16 * 1024 * 1024

/** Bounds what is copied for one deployment: it is held in memory, and then in /run, which is memory too. */
export class CopyBudget {
  #bytes = 0

  /**
   * Counts what is copied next.
   *
   * @param directory that it is for
   * @throws Refusal when it would be too much together with what was counted before; then it does not count
   */
  take(directory: string, bytes: number): void {
    if (this.#bytes + bytes > mostBytes)
      throw new Refusal(
        `${directory}: at most ${mostBytes} bytes of certificates and configuration are copied for one root`,
        'leave only what podman reads in such a directory',
      )
    this.#bytes += bytes
  }
}
