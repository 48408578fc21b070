/**
 * The one of `names` that somebody who wrote `text` most likely meant: it becomes that name by the fewest
 * changes of a letter, case aside.
 *
 * @returns undefined when more than a third of the letters would change
 */
export function nearest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const name of names) {
    if (Math.abs(text.length - name.length) * 3 > name.length) continue
    const changes = changesBetween(text.toLowerCase(), name.toLowerCase())
    if (changes * 3 > name.length || changes >= least) continue
    best = name
    least = changes
  }
  return best
}

/** Levenshtein's distance. */
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
