import { constants, copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Lab } from '../lab.ts'

export type FileSystem = 'ext4' | 'xfs'

/** A disk with a file system on it, in a file. */
export interface Disk {
  readonly fileSystem: FileSystem
  readonly file: string
}

/**
 * Keeps disks in files that can be copied in an instant, while they are written to: the directory is a
 * file system whose files share blocks (XFS), and a copy is one system call. It waits for the write
 * under way and lets no other in, so the copy has every write that the disk took until then and none after,
 * like a disk whose power went. It is in memory (a tmpfs), so that a flush of a disk costs
 * no other one anything.
 *
 * What is mounted here goes with the lab.
 */
export class Disks {
  readonly #dir: string
  #made = 0

  private constructor(dir: string) {
    this.#dir = dir
  }

  static async open(lab: Lab): Promise<Disks> {
    const memory = mkdtempSync(join(lab.dir, 'memory-'))
    const dir = mkdtempSync(join(lab.dir, 'disks-'))
    await execa('mount', ['-t', 'tmpfs', 'lab', memory])
    const file = join(memory, 'xfs')
    makeSparse(file, 16 * gigabyte)
    await execa('mkfs.xfs', ['-q', file])
    await execa('mount', ['-o', 'loop', file, dir])
    return new Disks(dir)
  }

  async make(fileSystem: FileSystem): Promise<Disk> {
    const file = join(this.#dir, `${++this.#made}`)
    makeSparse(file, gigabyte)
    await execa(`mkfs.${fileSystem}`, ['-q', file])
    return { fileSystem, file }
  }

  /** As it is now, mounted or not. */
  copy({ fileSystem, file }: Disk): Disk {
    const copy = join(this.#dir, `${++this.#made}`)
    copyFileSync(file, copy, constants.COPYFILE_FICLONE_FORCE)
    return { fileSystem, file: copy }
  }

  remove({ file }: Disk): void {
    rmSync(file)
  }
}

/** With the default options of the file system. */
export async function mountDisk({ fileSystem, file }: Disk, at: string): Promise<void> {
  // XFS refuses a copy while the kernel has not yet let go of the disk it was made from
  const options = fileSystem === 'xfs' ? 'loop,nouuid' : 'loop'
  await execa('mount', ['-t', fileSystem, '-o', options, file, at])
}

export async function unmountDisk(at: string): Promise<void> {
  await execa('umount', [at])
}

const gigabyte = 2 ** 30

function makeSparse(file: string, bytes: number): void {
  writeFileSync(file, '')
  truncateSync(file, bytes)
}
