/**
 * The name that the author of `text` most likely meant: the one with the fewest changed letters, ignoring
 * case.
 *
 * @returns undefined if more than a third of the letters would change
 */
export function nearest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Infinity
  for (const name of names) {
    if (Math.abs(text.length - name.length) * 3 > name.length) continue
    const changes = changesBetween(text.toLowerCase(), name.toLowerCase())
    if (changes * 3 > name.length || changes >= fewest) continue
    best = name
    fewest = changes
  }
  return best
}

/** The Levenshtein distance. */
function changesBetween(a: string, b: string): number {
  let distances = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = Number(distances[column - 1]) + (a[row - 1] === b[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, Number(distances[column]) + 1, Number(next[column - 1]) + 1))
    }
    distances = next
  }
  return Number(distances.at(-1))
}
