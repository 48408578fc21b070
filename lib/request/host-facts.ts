import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { readPodman, type Podman } from '../host/podman.ts'
import { systemdVersion } from '../host/systemctl.ts'
import type { HostFacts, PullFacts } from '../facts/facts.ts'

/**
 * Reads the facts of this host for pulls.
 *
 * @param warn takes a line for people about each part of the configuration that has no effect
 */
export async function pullFacts(
  warn: (line: string) => void = () => {},
): Promise<PullFacts & Podman> {
  const { settings, warnings } = readSettings(hostRoot)
  for (const warning of warnings) warn(warning)
  // The scripts of the units are installed beside this program.
  const libraryDirectory = import.meta.dirname
  return { ...(await readPodman(settings.store)), libraryDirectory, settings }
}

/** Reads the facts of this host for rendering units. */
export async function hostFacts(warn?: (line: string) => void): Promise<HostFacts & Podman> {
  const [facts, version] = await Promise.all([pullFacts(warn), systemdVersion()])
  return { ...facts, systemdVersion: version }
}
