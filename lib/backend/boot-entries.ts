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
  /** ID of the image of bootc whose unified kernel image the entry starts, if it does. */
  readonly image: string | undefined
}

/**
 * Reads the boot entries in a directory; none if it is missing, for example because /boot is not mounted. Ignores what
 * cannot be read, as boot loaders do: entries of others are there too.
 */
export function readBootEntries(directory: string): readonly BootEntry[] {
  return listDirectory(directory)
    .filter(name => name.endsWith('.conf'))
    .flatMap(name => textOf(join(directory, name)).map(parseBootEntry))
}

/**
 * Reads what GRUB starts of the unified kernel images of bootc, the default first (bootc:
 * crates/lib/src/bootc_composefs/boot.rs, write_grub_uki_menuentry).
 *
 * @returns IDs of images
 */
export function readGrubImages(bootDirectory: string): readonly string[] {
  return textOf(join(bootDirectory, 'grub2/user.cfg')).flatMap(text =>
    [...text.matchAll(new RegExp(unifiedKernel, 'gu'))].map(([id]) => id),
  )
}

/** bootc: crates/lib/src/composefs_consts.rs, UKI_NAME_PREFIX */
const unifiedKernel = String.raw`(?<=/(?:bootc_composefs-)?)[0-9a-f]{128}(?=\.efi\b)`

/** No text if it cannot be read. */
function textOf(path: string): readonly string[] {
  try {
    return [readRegularFile(path, maxBytes).toString()]
  } catch {
    return []
  }
}

export function parseBootEntry(text: string): BootEntry {
  const value = (key: string) => new RegExp(`^${key}[ \\t]+(.*)$`, 'mu').exec(text)?.[1] ?? ''
  return {
    version: Number(value('version')) || 0,
    sortKey: value('sort-key').trim(),
    image: new RegExp(unifiedKernel, 'u').exec(`${value('efi')} ${value('uki')}`)?.[0],
    option: name => new RegExp(`(?:^|\\s)${name}=(\\S+)`, 'u').exec(value('options'))?.[1],
  }
}
