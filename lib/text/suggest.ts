import { closest, distance } from 'fastest-levenshtein'

/** Maximum number of characters that differ between a mistake and what was meant. */
const maxDistance = 2

/** The word that somebody probably meant; undefined if none is similar. */
export function suggest(written: string, words: readonly string[]): string | undefined {
  const lower = new Map(words.map(word => [word.toLowerCase(), word]))
  if (written.length > 64 || lower.size === 0) return undefined
  const near = closest(written.toLowerCase(), [...lower.keys()])
  const isNear = distance(written.toLowerCase(), near) <= Math.min(maxDistance, near.length / 2)
  return isNear ? lower.get(near) : undefined
}
