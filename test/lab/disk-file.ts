import { truncateSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'

export type FileSystem = 'ext4' | 'xfs'

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
}

/** With the default options of the file system. */
export const mountDisk = async ({ fileSystem, file }: Disk, at: string): Promise<void> => {
  // XFS refuses a copy while the kernel has not yet let go of the disk it was made from
  const options = fileSystem === 'xfs' ? 'loop,nouuid' : 'loop'
  await execa('mount', ['-t', fileSystem, '-o', options, file, at])
}

export const unmountDisk = async (at: string): Promise<void> => {
  await execa('umount', [at])
}
