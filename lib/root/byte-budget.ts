import { Refusal } from '../text/fault.ts'

const maxBytes = 16 * 1024 * 1024

/** Limits the bytes of one kind that are read for one deployment. Other limits apply to each file. */
export class ByteBudget {
  readonly #kind: string
  #bytes = 0

  /** @param kind what is read, in the plural */
  constructor(kind: string) {
    this.#kind = kind
  }

  /**
   * Counts bytes before they are read.
   *
   * @param place file or directory for the message, if the caller does not add it
   * @throws Refusal if the total would be too large; then these bytes do not count
   */
  take(bytes: number, place?: string): void {
    if (this.#bytes + bytes > maxBytes)
      throw new Refusal(
        `${place === undefined ? '' : `${place}: `}the ${this.#kind} of one root exceed ${maxBytes} bytes`,
        'remove what is not needed',
      )
    this.#bytes += bytes
  }
}

/** For copies, which are in memory first and then in /run, which is memory too. */
export function copyBudget(): ByteBudget {
  return new ByteBudget('certificates and configuration')
}
