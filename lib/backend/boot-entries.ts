import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { readRegularFile } from '../read-regular-file.ts'

const maxBytes = 64 * 1024

/** The relevant fields of an entry of the Boot Loader Specification. */
export interface BootEntry {
  /** 0 if there is none. With ostree, the boot loader starts the entry with the highest one by default. */
  readonly version: number
  readonly sortKey: string
  /** The first value of an option of the kernel command line. */
  readonly option: (name: string) => string | undefined
}

/** Reads the boot entries in a directory; none if it is missing, for example because /boot is not mounted. */
export function readBootEntries(directory: string): readonly BootEntry[] {
  return listDirectory(directory)
    .filter(name => name.endsWith('.conf'))
    .map(name => parseBootEntry(readRegularFile(join(directory, name), maxBytes).toString()))
}

export function parseBootEntry(text: string): BootEntry {
  const value = (key: string) => new RegExp(`^${key}[ \\t]+(.*)$`, 'mu').exec(text)?.[1] ?? ''
  return {
    version: Number(value('version')) || 0,
    sortKey: value('sort-key').trim(),
    option: name => new RegExp(`(?:^|\\s)${name}=(\\S+)`, 'u').exec(value('options'))?.[1],
  }
}
