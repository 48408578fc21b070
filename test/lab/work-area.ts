import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { gigabyte, makeDisk, mountDisk } from './disk-file.ts'

/** Where one lab keeps its files and processes. All of it is gone after `remove()`. */
export interface WorkArea {
  readonly dir: string
  /** Directory of `rootfs/` and `sysroot/`, shared by all labs and never written to. */
  readonly cache: string
  /** A new control group below the lab's own, named for what will run in it. */
  readonly cgroup: (name: string) => string
  readonly remove: () => Promise<void>
}

/**
 * Builds the cache if there is none, and makes the directory and control group of a new lab. The directory is on
 * a disk of its own, in a file: ostree remounts the file system that it deploys to, which is none of the business
 * of the machine that runs the lab, and which the kernel refuses while somebody has that file system frozen.
 */
export const makeWorkArea = async (): Promise<WorkArea> => {
  const { stdout: cache } = await execa(script('build-cache'), { stderr: 'inherit' })
  const work = mkdtempSync(join(process.env.LAB_WORK ?? '/var/tmp', 'bootc-bound-images-lab-'))
  const group = join(ownCgroup(), basename(work))
  // Before the first thing that would have to be cleaned up. A session of its own, because
  // Ctrl-C ends the whole process group of the test.
  const janitor = execa(script('janitor'), [work, group, cache], {
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'inherit',
  })
  mkdirSync(group)
  const dir = join(work, 'disk')
  mkdirSync(dir)
  const disk = { fileSystem: 'xfs', file: join(work, 'disk.img'), bytes: 64 * gigabyte } as const
  await makeDisk(disk)
  await mountDisk(disk, dir)

  return {
    dir,
    cache,
    cgroup: name => {
      const path = join(group, name)
      mkdirSync(path)
      return path
    },
    remove: async () => {
      janitor.stdin.end()
      await janitor
    },
  }
}

const script = (name: string): string => join(import.meta.dirname, name)

/** The control group (version 2, also beside version 1) that this process is in. */
const ownCgroup = (): string => {
  const mount = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )
  const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))
  if (mount?.[1] === undefined || path?.[1] === undefined) {
    throw new Error('the lab needs a mounted cgroup2 file system')
  }
  return join(mount[1], path[1])
}
