/** A layer in a registry. */
export interface Layer {
  /** Digest of the compressed layer. */
  readonly digest: string
  /** Compressed size. */
  readonly bytes: number
}

export function sumBytes(layers: readonly Layer[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0)
}
