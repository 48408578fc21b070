import { truncateSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'

export type FileSystem = 'ext4' | 'xfs' | 'btrfs'

/** A disk with a file system on it, in a file. */
export interface Disk {
  readonly fileSystem: FileSystem
  readonly file: string
}

interface NewDisk extends Disk {
  /** Its size. The file takes what is written to it. */
  readonly bytes: number
}

export const gigabyte = 2 ** 30

/** Throws with what mkfs says. */
export const makeDisk = async ({ fileSystem, file, bytes }: NewDisk): Promise<void> => {
  writeFileSync(file, '')
  truncateSync(file, bytes)
  await execa(`mkfs.${fileSystem}`, ['-q', file])
  if (fileSystem === 'btrfs') await makeSubvolume(file)
}

/** With the default options of the file system; of btrfs, a subvolume. */
export const mountDisk = async ({ fileSystem, file }: Disk, at: string): Promise<void> => {
  // XFS refuses a copy while the kernel has not yet let go of the disk it was made from
  const more = { ext4: '', xfs: ',nouuid', btrfs: ',subvol=data' }[fileSystem]
  await execa('mount', ['-t', fileSystem, '-o', `loop${more}`, file, at])
}

export const unmountDisk = async (
  at: string,
  { fileSystem }: Partial<Disk> = {},
): Promise<void> => {
  await execa('umount', [at])
  // or the kernel takes a copy for an outdated disk of the same file system
  if (fileSystem === 'btrfs') await execa('btrfs', ['device', 'scan', '--forget'])
}

/** As installers make one for a part of the tree. */
async function makeSubvolume(file: string): Promise<void> {
  const at = `${file}.top`
  const make =
    'mkdir "$1"; mount -o loop "$0" "$1"; btrfs --quiet subvolume create "$1/data"; umount "$1"; rmdir "$1"'
  await execa('sh', ['-euc', make, file, at])
}
