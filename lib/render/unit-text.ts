/** A file of a set of units, as data. */
export interface UnitText {
  /** Name, or for a drop-in the path below the directory of units. */
  readonly name: string
  readonly contents: string
}

/** The first line of every file. */
export const writtenAtStaging =
  '# Written by bootc-bound-images at staging. Changes are lost at the next staging.'
