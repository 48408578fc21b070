/** Something with its place in an order of urgency; 0 is the most urgent. */
export type Ranked<T> = T & { readonly rank: number }

/** Gives out the most urgent first. */
export class RankedQueue<T> {
  /** The most urgent last, where it is cheap to take. */
  readonly #items: Ranked<T>[] = []

  /** Of the most urgent; of nothing, it is infinite. */
  get topRank(): number {
    return this.#items.at(-1)?.rank ?? Infinity
  }

  /** Cheapest for what is more urgent than most. */
  add(item: Ranked<T>): void {
    const place = this.#items.findLastIndex(({ rank }) => rank > item.rank) + 1
    this.#items.splice(place, 0, item)
  }

  take(): Ranked<T> | undefined {
    return this.#items.pop()
  }
}
