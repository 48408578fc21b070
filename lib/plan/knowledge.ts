import type { Layer } from './layer.ts'

/** What staging found out about a bound image. It decides how the image is pulled, and never whether it may be. */
export interface ImageKnowledge {
  /** What the registry has for its name, see `BoundImage`. */
  readonly digest?: string | undefined
  /** What is to be downloaded; undefined when nobody knows. A layer that occurs twice is downloaded twice. */
  readonly layers?: readonly Layer[] | undefined
  /** Whether it is in the store, so that there is nothing to do. */
  readonly isPresent?: boolean | undefined
  /** Whether the registry has refused it already. */
  readonly isHopeless?: boolean | undefined
  /** Whether an earlier staging asked for it in the same way, and its pull is running. */
  readonly isUnderWay?: boolean | undefined
}

/** By `identity` of the bound image. */
export type Knowledge = ReadonlyMap<string, ImageKnowledge>
