import type { Pull } from '../plan/plan-pulls.ts'
import { pullCommand } from './pull-command.ts'
import { storedName } from '../bound-images/bound-image.ts'
import type { PullFacts } from '../facts/facts.ts'

/** What gets an image safely on disk, as commands that run one after another. */
export interface PullSteps {
  /** Notes that the pull is under way; see units/programs/mark-pull. */
  readonly mark: readonly string[]
  readonly pull: readonly string[]
  /** Writes the store's files out and notes that the image is there; see units/programs/record-pull. */
  readonly record: readonly string[]
  /** Instead of the last, when one of them failed; see units/programs/unmark-pull. */
  readonly unmark: readonly string[]
}

/** The commands of a pending unit, and of whoever pulls in its place at shutdown. */
export function pullSteps(
  { unit, boundImage }: Pick<Pull, 'unit' | 'boundImage'>,
  { imageStore, libraryDirectory, podmanVersion }: PullFacts,
): PullSteps {
  const name = recordName(unit)
  return {
    mark: [`${libraryDirectory}/mark-pull`, name],
    pull: pullCommand(boundImage, podmanVersion, imageStore),
    record: [
      `${libraryDirectory}/record-pull`,
      name,
      storedName(boundImage),
      imageStore.directory,
      ...imageStore.options,
    ],
    unmark: [`${libraryDirectory}/unmark-pull`, name, imageStore.directory],
  }
}

/** Under which name the mark and the record of a pending unit's pull are kept. */
export function recordName(unit: string): string {
  return unit.replace(/\.service$/u, '')
}
