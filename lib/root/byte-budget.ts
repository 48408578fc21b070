import { Refusal } from '../text/fault.ts'

const maxBytes = 16 * 1024 * 1024

/** Limits the bytes of one kind that are read for one deployment. Other limits apply to each file. */
export class ByteBudget {
  readonly #kind: string
  readonly #max: number
  #bytes = 0

  /**
   * @param kind what is read, in the plural
   * @param max in bytes
   */
  constructor(kind: string, max = maxBytes) {
    this.#kind = kind
    this.#max = max
  }

  /**
   * Counts bytes before they are read.
   *
   * @param place file or directory for the message, if the caller does not add it
   * @throws Refusal if the total would be too large; then these bytes do not count
   */
  take(bytes: number, place?: string): void {
    if (this.#bytes + bytes > this.#max)
      throw new Refusal(
        `${place === undefined ? '' : `${place}: `}the ${this.#kind} of one root exceed ${this.#max} bytes`,
        'remove what is not needed',
      )
    this.#bytes += bytes
  }
}

/** For copies, which are in memory first and then in /run, which is memory too. */
export function copyBudget(): ByteBudget {
  return new ByteBudget('certificates and configuration')
}
