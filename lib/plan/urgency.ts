import type { Layer } from './layer.ts'

/** Which of the pulls that share a layer brings it. */
export type LeaderChoice = 'smallest' | 'largest'

/** What counts for the urgency of a pull. */
export interface Candidate {
  readonly layers: readonly Layer[] | undefined
  /** Of all its layers. */
  readonly bytes: number
  readonly isHopeless: boolean
  readonly isUnderWay: boolean
}

/** A pull among those with which it shares layers. */
interface Entry<T> {
  readonly candidate: T
  /** The bytes of the largest of them. */
  longest: number
  /** Whether it brings a layer. */
  isLeader: boolean
}

/**
 * What takes longest comes first, as far as is known, together with all that waits for a layer of it, and there the
 * pull that brings the layer. A pull that will fail comes last, so that none waits for its tries, and one that is under
 * way first.
 */
export function byUrgency<T extends Candidate>(
  candidates: readonly T[],
  choice: LeaderChoice,
): readonly T[] {
  const entries = candidates.map(candidate => ({
    candidate,
    longest: candidate.bytes,
    isLeader: false,
  }))
  const sign = choice === 'smallest' ? 1 : -1
  for (const sharing of holders(entries)) {
    const most = sharing.reduce((bytes, { candidate }) => Math.max(bytes, candidate.bytes), 0)
    for (const entry of sharing) entry.longest = Math.max(entry.longest, most)
    const precedes = (a: Entry<T>, b: Entry<T>) =>
      sign * (a.candidate.bytes - b.candidate.bytes) < 0
    sharing.reduce((first, entry) => (precedes(entry, first) ? entry : first)).isLeader = true
  }
  const size = ({ candidate, isLeader }: Entry<T>) => (isLeader ? sign : -1) * candidate.bytes
  return (
    entries
      // The last key first: each sort keeps the order of what it finds equal.
      .toSorted((a, b) => size(a) - size(b))
      .toSorted((a, b) => Number(b.isLeader) - Number(a.isLeader))
      .toSorted((a, b) => b.longest - a.longest)
      .toSorted((a, b) => Number(a.candidate.isHopeless) - Number(b.candidate.isHopeless))
      .toSorted((a, b) => Number(b.candidate.isUnderWay) - Number(a.candidate.isUnderWay))
      .map(({ candidate }) => candidate)
  )
}

/** For each layer of several pulls, all that have it. */
function holders<T extends Candidate>(
  entries: readonly Entry<T>[],
): readonly (readonly Entry<T>[])[] {
  const all = new Map<string, Entry<T>[]>()
  for (const entry of entries)
    for (const digest of new Set(entry.candidate.layers?.map(layer => layer.digest))) {
      const known = all.get(digest)
      if (known === undefined) all.set(digest, [entry])
      else known.push(entry)
    }
  return [...all.values()].filter(({ length }) => length > 1)
}
