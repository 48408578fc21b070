/** A unit of systemd for a mount, or for an automount. */
export interface MountUnit {
  readonly unit: string
  /** The mount point. */
  readonly where: string
  readonly isActive: boolean
  /** Whether a file defines it and another unit wants it, so that it is mounted at boot. */
  readonly isWanted: boolean
  /** Whether it waits for the network, which comes up late in the boot. */
  readonly isRemote: boolean
}

/**
 * The mounts of directories: those above them, at them, and, if a file defines them, below them. (podman and its
 * containers mount below a store too.)
 *
 * @param directories absolute paths without links
 */
export function mountsOf(
  directories: readonly string[],
  units: readonly MountUnit[],
): readonly MountUnit[] {
  return units.filter(
    ({ where, isWanted }) =>
      where !== '/' &&
      directories.some(path => isAtOrBelow(path, where) || (isWanted && isAtOrBelow(where, path))),
  )
}

/** Those that are mounted at boot, are not mounted now, and would not be mounted by a first access. */
export function notMounted(units: readonly MountUnit[]): readonly MountUnit[] {
  const mounted = new Set(units.filter(({ isActive }) => isActive).map(({ where }) => where))
  return units.filter(({ where, isWanted }) => isWanted && !mounted.has(where))
}

/**
 * What podman unmounts at the end of each command while no container runs (containers/storage, drivers/overlay: `Cleanup`).
 *
 * @param directories names of the image store's directory
 */
export function unmountedByPodman(
  directories: readonly string[],
  units: readonly MountUnit[],
): MountUnit | undefined {
  const layers = directories.map(path => `${path}/overlay`)
  return units.find(({ where, isWanted }) => isWanted && layers.includes(where))
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
