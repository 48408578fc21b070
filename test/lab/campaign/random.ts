import { createHash } from 'node:crypto'

/** Numbers that follow from a seed alone, on every machine the same. */
export class Random {
  readonly #seed: string
  #drawn = 0

  constructor(seed: string) {
    this.#seed = seed
  }

  /** At least 0, less than 1. */
  fraction(): number {
    const hash = createHash('sha256').update(`${this.#seed} ${this.#drawn++}`)
    return hash.digest().readUInt32BE() / 2 ** 32
  }

  /** A whole number from `least` to `most`, both among them. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  /** True so often of 100 times. */
  percent(often: number): boolean {
    return this.fraction() * 100 < often
  }

  /** One of the values, each as often of 100 times as the number beside it says; they make 100. */
  choose<const T>(...choices: readonly (readonly [number, T])[]): T {
    let left = this.fraction() * 100
    const found = choices.find(([often]) => (left -= often) < 0)
    if (found === undefined) throw new Error('the choices make less than 100')
    return found[1]
  }
}
