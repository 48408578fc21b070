import type { Pull } from '../plan/plan-pulls.ts'
import { pullCommand } from './pull-command.ts'
import { tagCommand } from './tag-command.ts'
import { storedName } from '../bound-images/bound-image.ts'
import { rootsDirectory } from '../directories.ts'
import type { PullFacts } from '../facts/facts.ts'
import { artifactStore, storePath } from '../facts/image-store.ts'

/** The commands that store an image safely on disk, in order. */
export interface PullSteps {
  /** Marks the pull as unfinished, see units/programs/mark-pull. */
  readonly mark: readonly string[]
  readonly pull: readonly string[]
  /** Pulls the same image by its tag, see `tagCommand`. */
  readonly pullByTag: readonly string[] | undefined
  /** Gives an image that was pulled by digest its name, see units/programs/give-name. */
  readonly name: readonly string[] | undefined
  /** Syncs the store and records that it has the image, see units/programs/record-pull and record-artifact. */
  readonly record: readonly string[]
  /** Cleans up if one of the other commands failed, see units/programs/unmark-pull. */
  readonly unmark: readonly string[]
}

/** The commands of a pending unit. A pull at shutdown uses the same. */
export function pullSteps(
  { unit, boundImage }: Pick<Pull, 'unit' | 'boundImage'>,
  facts: PullFacts,
): PullSteps {
  const { libraryDirectory, podmanVersion } = facts
  const { isArtifact = false } = boundImage
  const imageStore = isArtifact ? artifactStore(facts) : facts.imageStore
  const name = recordName(unit)
  const stored = storedName(boundImage)
  const byTag = isArtifact ? undefined : tagCommand(boundImage, imageStore)
  return {
    mark: [`${libraryDirectory}/mark-pull`, name],
    pull: withMount(pullCommand(boundImage, podmanVersion, imageStore), libraryDirectory),
    pullByTag: byTag && withMount(byTag, libraryDirectory),
    name:
      boundImage.digest === undefined || isArtifact
        ? undefined
        : [`${libraryDirectory}/give-name`, stored, boundImage.name, ...imageStore.options],
    record: [
      `${libraryDirectory}/${isArtifact ? 'record-artifact' : 'record-pull'}`,
      name,
      stored,
      storePath(imageStore),
      ...(isArtifact ? [] : imageStore.options),
    ],
    unmark: [`${libraryDirectory}/unmark-pull`, name, storePath(imageStore)],
  }
}

/**
 * A command that reads an archive, credentials or certificates in a root that must be mounted runs below
 * units/programs/mount-root, because each process mounts for itself.
 */
function withMount(command: readonly string[], libraryDirectory: string): readonly string[] {
  const [, root, id] = command.map(word => mountedFile.exec(word)).find(found => found) ?? []
  return root === undefined || id === undefined
    ? command
    : [`${libraryDirectory}/mount-root`, id, root, ...command]
}

const mountedFile = new RegExp(`(?:^|[:=])(${rootsDirectory}/([0-9a-f]{128}))/`, 'u')

/** The command that syncs the image store, see units/programs/sync-store. */
export function syncCommand({
  imageStore,
  libraryDirectory,
}: Pick<PullFacts, 'imageStore' | 'libraryDirectory'>): readonly string[] {
  return [`${libraryDirectory}/sync-store`, storePath(imageStore)]
}

/** Name of the mark and of the record for the pull of a pending unit. */
export function recordName(unit: string): string {
  return unit.replace(/\.service$/u, '')
}
