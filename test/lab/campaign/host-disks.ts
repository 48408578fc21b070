import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { type Disk, type FileSystem, mountDisk, unmountDisk } from '../disk-file.ts'
import type { Lab } from '../lab.ts'
import { Disks } from './disks.ts'

/** Where disks are mounted -> the file system of each. `thin` is an ext4 that can be filled from below. */
export type Layout = Readonly<Record<string, FileSystem | 'thin'>>

/** A disk and what keeps it. */
interface Kept {
  readonly shelf: Disks
  readonly disk: Disk
}

/** The disks of a host, mounted from outside, so that their power can be cut. */
export class HostDisks {
  /** Directory -> what is mounted there, the upper ones first. */
  readonly #disks = new Map<string, Kept>()
  /** What keeps the thin disks, and no others. */
  #thin: Disks | undefined

  /** Mounts new disks below a directory: at `''` in the layout for the directory itself, which comes first. */
  static async make(lab: Lab, shelf: Disks, directory: string, layout: Layout): Promise<HostDisks> {
    const made = new HostDisks()
    if (Object.values(layout).includes('thin')) made.#thin = await Disks.open(lab)
    for (const [path, kind] of Object.entries(layout)) {
      const at = join(directory, path)
      mkdirSync(at, { recursive: true })
      const kept =
        kind === 'thin' && made.#thin !== undefined
          ? { shelf: made.#thin, disk: await made.#thin.makeThin() }
          : { shelf, disk: await shelf.make(kind === 'thin' ? 'ext4' : kind) }
      await mountDisk(kept.disk, at)
      made.#disks.set(at, kept)
    }
    return made
  }

  async sync(): Promise<void> {
    await execa('sync', ['--file-system', ...this.#disks.keys()])
  }

  /** Reads nothing from memory any more that the disks may not have. */
  async remount(): Promise<void> {
    await this.#unmount()
    for (const [at, { disk }] of this.#disks) await mountDisk(disk, at)
  }

  /** Takes the room of the thin disks, if there are any. */
  async fill(): Promise<void> {
    await this.#thin?.fill()
  }

  makeRoom(): void {
    this.#thin?.makeRoom()
  }

  /**
   * Cuts the power of a host that is frozen: no process writes after the copies, but the kernel may, and what it
   * holds back is lost with the old disks.
   */
  async cutPower(kill: () => Promise<void>): Promise<void> {
    const copies = [...this.#disks].map(
      ([at, { shelf, disk }]) => [at, { shelf, disk: shelf.copy(disk) }] as const,
    )
    await kill()
    await this.remove()
    for (const [at, copy] of copies) {
      await mountDisk(copy.disk, at)
      this.#disks.set(at, copy)
    }
  }

  async remove(): Promise<void> {
    await this.#unmount()
    for (const { shelf, disk } of this.#disks.values()) shelf.remove(disk)
    this.#disks.clear()
  }

  async #unmount(): Promise<void> {
    for (const [at, { disk }] of [...this.#disks].toReversed()) await unmountDisk(at, disk)
  }
}
