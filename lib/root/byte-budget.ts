import { Refusal } from '../text/fault.ts'

const mostBytes = 16 * 1024 * 1024

/** Bounds what one deployment can make us read of one kind, each file being small enough. */
export class ByteBudget {
  readonly #kind: string
  #bytes = 0

  /** @param kind what is read, in the plural */
  constructor(kind: string) {
    this.#kind = kind
  }

  /**
   * Counts what is read next.
   *
   * @param place file or directory that it is for, when the reader is not told otherwise
   * @throws Refusal when it would be too much together with what was counted before; then it does not count
   */
  take(bytes: number, place?: string): void {
    if (this.#bytes + bytes > mostBytes)
      throw new Refusal(
        `${place === undefined ? '' : `${place}: `}at most ${mostBytes} bytes of ${this.#kind} are read for one root`,
        'leave only what is needed',
      )
    this.#bytes += bytes
  }
}

/** For what is copied: it is held in memory, and then in /run, which is memory too. */
export function copyBudget(): ByteBudget {
  return new ByteBudget('certificates and configuration')
}
