/** A layer that a registry would send. */
export interface Layer {
  /** Of its compressed form. */
  readonly digest: string
  /** Compressed. */
  readonly bytes: number
}

export function sumBytes(layers: readonly Layer[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0)
}
