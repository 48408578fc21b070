import { join } from 'node:path'
import { execa } from 'execa'
import type { WorkArea } from './work-area.ts'

/** For every container: nothing is registered with or left to this machine's own systemd. */
const detached = ['--quiet', '--register=no', '--keep-unit'] as const

let containers = 0

/** Runs one command in the cached Debian, the lab's directory being `/mnt`. Throws with its output. */
export const runInRootfs = async (area: WorkArea, command: readonly string[]): Promise<string> => {
  const { stdout } = await execa('systemd-nspawn', [...rootfsArgs(area), ...command], {
    stdin: 'ignore',
  })
  return stdout
}

/**
 * systemd-nspawn's option for the name of a container, unique among the labs of this process tree. Without one it
 * is that of the directory, and of two containers of one name the first that ends takes
 * /run/systemd/nspawn/propagate/<name> away from the other.
 */
export const ownName = (): string => `--machine=lab-${process.pid}-${++containers}`

/** systemd-nspawn's arguments for a command in the cached Debian. */
export const rootfsArgs = (area: WorkArea): readonly string[] => [
  ...detached,
  ownName(),
  '--pipe',
  '--read-only',
  `--directory=${join(area.cache, 'rootfs')}`,
  `--bind=${area.dir}:/mnt`,
]

/** Where `runInRootfs` sees a file of the lab's directory. */
export const inRootfs = (area: WorkArea, path: string): string => {
  if (!path.startsWith(`${area.dir}/`)) throw new Error(`${path} is not in ${area.dir}`)
  return join('/mnt', path.slice(area.dir.length))
}

export type Container = ReturnType<typeof startContainer>

/**
 * Starts systemd-nspawn for something that stays. It gets a control group of its own, or two
 * systemds would fight over one, and dies with the test process, however that ends.
 */
export const startContainer = (cgroup: string, args: readonly string[]) =>
  execa(
    'sh',
    [
      '-euc',
      'echo $$ >"$0/cgroup.procs"; exec setpriv --pdeathsig KILL systemd-nspawn "$@"',
      cgroup,
      ...detached,
      ...args,
    ],
    {
      env: {
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1',
        // it locks the number of the root's device, which the kernel may give to another overlay
        SYSTEMD_NSPAWN_LOCK: '0',
        // podman sets up the network of what it runs; the network is the lab's alone
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network',
      },
      detached: true,
      cleanup: false,
      reject: false,
      stdin: 'ignore',
      all: true,
    },
  )
