import { constants, copyFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
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

  /** An ext4 that finds no room for data, and only for data, after `fill()`: its metadata is written in full. */
  async makeThin(): Promise<Disk> {
    const file = join(this.#dir, `${++this.#made}`)
    const make = `truncate -s 1G "$0"; dd if=/dev/zero of="$0" bs=1M count=120 conv=notrunc status=none
      mkfs.ext4 -q -E nodiscard,packed_meta_blocks=1,lazy_itable_init=0,lazy_journal_init=0 "$0"
      dd if="$0" of="$0" bs=1M count=120 conv=notrunc status=none`
    await execa('sh', ['-euc', make, file])
    return { fileSystem: 'ext4', file }
  }

  /** Takes the room of all disks, until `makeRoom()`: what they still need for data is an error of the disk. */
  async fill(): Promise<void> {
    await execa('sync', ['-f', this.#dir])
    const { bavail, bsize } = statfsSync(this.#dir)
    await execa('fallocate', ['--length', `${bavail * bsize - 600_000}`, this.#filler])
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true })
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

  get #filler(): string {
    return join(this.#dir, 'filler')
  }
}
