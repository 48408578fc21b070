import type { Layer } from './layer.ts'

/**
 * What staging found out about a bound image. It decides how the image is pulled, never whether the image may
 * be pulled.
 */
export interface ImageKnowledge {
  /** Digest that the registry has for its name, see `BoundImage`. */
  readonly digest?: string | undefined
  /** Layers to download. Undefined if unknown. A layer that occurs twice is downloaded twice. */
  readonly layers?: readonly Layer[] | undefined
  /** Digests of its layers that the store has already, so that a pull takes them over. */
  readonly storedLayers?: readonly string[] | undefined
  /** Whether the image is in the store, so that there is nothing to do. */
  readonly isPresent?: boolean | undefined
  /** Whether the registry has already refused the image. */
  readonly isRefused?: boolean | undefined
  /** Why the disk has no room for the image even alone, for people; undefined if it may have. It is not pulled then. */
  readonly noRoom?: string | undefined
  /** Whether an earlier staging made the same request and its pull is running. */
  readonly isPulling?: boolean | undefined
}

/** Keyed by `identity` of the bound image. */
export type Knowledge = ReadonlyMap<string, ImageKnowledge>
