import type { BoundImage } from '../bound-images/bound-image.ts'
import type { Fault } from '../text/fault.ts'
import type { PullOption } from '../bound-images/pull-options.ts'
import { pullFlags } from '../bound-images/section-keys.ts'

/** Major and minor number, like [5, 4]. */
export type PodmanVersion = readonly [major: number, minor: number]

/** Newer than any version. For a deployment that is read without the host that will pull for it. */
export const anyPodmanVersion: PodmanVersion = [Number.MAX_SAFE_INTEGER, 0]

/** The oldest supported version of podman. */
export const oldestPodman: PodmanVersion = [5, 0]

/** @throws Error if the version is older than `oldestPodman` */
export function requireSupported(version: PodmanVersion): PodmanVersion {
  if (isAtLeast(version, oldestPodman)) return version
  throw new Error(
    `podman ${version.join('.')} on this host is too old: update it to ${oldestPodman.join('.')} or newer`,
  )
}

/**
 * Whether a podman without the option does the same. Without `--policy`, podman pulls what is new: only
 * `never` differs. (`pullCommand` implements `missing` without the option.)
 */
function isRedundant({ flag, words }: PullOption): boolean {
  return flag === '--policy' && !words.join('=').endsWith('never')
}

/** The first podman with artifacts. */
const firstWithArtifacts: PodmanVersion = [5, 4]

/** @returns a fault if podman of the host cannot pull a bound image, or lacks an option of it */
export function unsupportedOption(
  { options, isArtifact, name, origin }: BoundImage,
  version: PodmanVersion,
): Fault | undefined {
  if (isArtifact && !isAtLeast(version, firstWithArtifacts))
    return {
      ...origin,
      reason: `podman ${version.join('.')} on this host cannot pull the artifact ${name}`,
      remedy: `update podman to ${firstWithArtifacts.join('.')} or newer first`,
    }
  const option = options.find(each => !isAtLeast(version, firstVersion(each)) && !isRedundant(each))
  return (
    option && {
      reason: `podman ${version.join('.')} on this host does not support ${option.flag}`,
      remedy: `update podman to ${firstVersion(option).join('.')} or newer first`,
    }
  )
}

/** The options that a version of podman knows. */
export function knownOptions(
  options: readonly PullOption[],
  version: PodmanVersion,
): readonly PullOption[] {
  return options.filter(option => isAtLeast(version, firstVersion(option)))
}

function firstVersion({ flag }: PullOption): PodmanVersion {
  return pullFlags.get(flag)?.since ?? oldestPodman
}

/** Whether a version is the same as another or newer. */
export function isAtLeast(
  [major, minor]: PodmanVersion,
  [firstMajor, firstMinor]: PodmanVersion,
): boolean {
  return major > firstMajor || (major === firstMajor && minor >= firstMinor)
}
