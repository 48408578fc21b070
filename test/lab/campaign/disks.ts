import { constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { type Disk, type FileSystem, gigabyte, makeDisk, mountDisk } from '../disk-file.ts'
import type { Lab } from '../lab.ts'

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
    await makeDisk({ fileSystem: 'xfs', file, bytes: 16 * gigabyte })
    await mountDisk({ fileSystem: 'xfs', file }, dir)
    return new Disks(dir)
  }

  async make(fileSystem: FileSystem): Promise<Disk> {
    const file = join(this.#dir, `${++this.#made}`)
    await makeDisk({ fileSystem, file, bytes: gigabyte })
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
