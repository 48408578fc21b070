import type { BoundImage } from '../bound-images/bound-image.ts'
import type { Fault } from '../text/fault.ts'
import type { PullOption } from '../bound-images/pull-options.ts'
import { pullFlags } from '../bound-images/section-keys.ts'

/** Major and minor number, like [5, 4]. */
export type PodmanVersion = readonly [major: number, minor: number]

/** Newer than any; for a deployment that is looked at without the host that will pull for it. */
export const anyPodmanVersion: PodmanVersion = [Number.MAX_SAFE_INTEGER, 0]

/** The oldest podman that is supported. */
export const oldestPodman: PodmanVersion = [5, 0]

/** @throws Error when a version is older than that */
export function requireSupported(version: PodmanVersion): PodmanVersion {
  if (isAtLeast(version, oldestPodman)) return version
  throw new Error(
    `podman ${version.join('.')} of this host is too old: update it to ${oldestPodman.join('.')} or newer`,
  )
}

/** What an older podman does by itself: it fetches what is new. (`--policy missing` is asked for in another way.) */
function isNeedless({ flag, words }: PullOption): boolean {
  return flag === '--policy' && !words.join('=').endsWith('never')
}

/** @returns what the host's podman cannot do for a bound image, if anything */
export function unsupportedOption(
  { options }: BoundImage,
  version: PodmanVersion,
): Fault | undefined {
  const option = options.find(each => !isAtLeast(version, firstVersion(each)) && !isNeedless(each))
  return (
    option && {
      reason: `podman ${version.join('.')} of this host does not know ${option.flag}`,
      remedy: `it comes with ${firstVersion(option).join('.')}: update podman first`,
    }
  )
}

/** The options that the host's podman knows. */
export function knownOptions(
  options: readonly PullOption[],
  version: PodmanVersion,
): readonly PullOption[] {
  return options.filter(option => isAtLeast(version, firstVersion(option)))
}

function firstVersion({ flag }: PullOption): PodmanVersion {
  return pullFlags.get(flag)?.since ?? oldestPodman
}

/** Whether a version is another one or newer. */
export function isAtLeast(
  [major, minor]: PodmanVersion,
  [firstMajor, firstMinor]: PodmanVersion,
): boolean {
  return major > firstMajor || (major === firstMajor && minor >= firstMinor)
}
