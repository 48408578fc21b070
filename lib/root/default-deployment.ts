import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { readRegularFile } from './read-regular-file.ts'

const maxBytes = 64 * 1024

/** The relevant fields of a boot entry. */
interface BootEntry {
  /** The boot loader starts the entry with the highest version by default. */
  readonly version: number
  /** `ostree=` of the kernel command line: a link to the root, below the sysroot. */
  readonly ostree: string | undefined
}

/**
 * The directory of the root that the boot loader starts by default. ostree writes entries of the Boot Loader
 * Specification for every boot loader. The default entry has the highest version (ostree:
 * src/libostree/ostree-sysroot.c, _ostree_sysroot_read_boot_loader_configs).
 *
 * @returns undefined if there are no such entries, for example because /boot is not mounted
 */
export function locateDefaultRoot(hostRoot: string): string | undefined {
  const [first] = readEntries(join(hostRoot, 'boot/loader/entries'))
    .filter(({ ostree }) => ostree !== undefined)
    .toSorted((a, b) => b.version - a.version)
  return first?.ostree === undefined
    ? undefined
    : realpathSync(join(hostRoot, 'sysroot', first.ostree))
}

function readEntries(directory: string): readonly BootEntry[] {
  return listDirectory(directory)
    .filter(name => name.endsWith('.conf'))
    .map(name => parseBootEntry(readRegularFile(join(directory, name), maxBytes).toString()))
}

/** Parses an entry of the Boot Loader Specification. */
export function parseBootEntry(text: string): BootEntry {
  const value = (key: string) => new RegExp(`^${key}[ \\t]+(.*)$`, 'mu').exec(text)?.[1] ?? ''
  return {
    version: Number(value('version')) || 0,
    ostree: /(?:^|\s)ostree=(\S+)/u.exec(value('options'))?.[1],
  }
}
