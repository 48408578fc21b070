import type { Pull } from '../plan/plan-pulls.ts'
import { pullCommand } from './pull-command.ts'
import type { PullFacts } from './render-units.ts'

/** What gets an image safely on disk, as three commands that run one after another. */
export interface PullSteps {
  readonly pull: readonly string[]
  /** Writes the store's files out. */
  readonly sync: readonly string[]
  /** Checks the image and notes that it is there; see units/record-pull. */
  readonly record: readonly string[]
}

/** The commands of a pending unit, and of whoever pulls in its place at shutdown. */
export function pullSteps(
  { unit, boundImage }: Pull,
  { imageStore, libraryDirectory, podmanVersion }: PullFacts,
): PullSteps {
  return {
    pull: pullCommand(boundImage, podmanVersion, imageStore),
    sync: ['/usr/bin/sync', '-f', imageStore.directory],
    record: [
      `${libraryDirectory}/record-pull`,
      recordName(unit),
      boundImage.name,
      ...imageStore.options,
    ],
  }
}

/** Under which name the record of a pending unit's pull is kept. */
export function recordName(unit: string): string {
  return unit.replace(/\.service$/u, '')
}
