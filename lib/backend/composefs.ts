import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { rootsDirectory } from '../directories.ts'
import { fields } from '../fields.ts'
import { listDirectory as namesIn } from '../list-directory.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { Backend, Deployment } from './backend.ts'
import { readBootEntries, readGrubImages } from './boot-entries.ts'
import { readStagedFile, stagedTime } from './staged-file.ts'

// bootc: crates/lib/src/composefs_consts.rs
const stagedFile = 'run/composefs/staged-deployment'
const listDirectory = 'sysroot/state/deploy'

/**
 * Our lock: the file about the staged deployment, renamed by the gate or bootc-bound-images-guard.service. bootc has a
 * lock in the file itself, which its users and tools set and remove.
 */
const lockFile = `${stagedFile}-held`

/** Where /boot or the EFI system partition can be. */
const bootDirectories = ['sysroot/boot', 'boot', 'efi', 'boot/efi']

/** Nothing of /etc is kept, or nothing is mounted there. The second and the last are the same as the ones before them. */
const transientMounts: ReadonlySet<unknown> = new Set(['transient', 'volatile', 'none', 'root'])

/** SHA-512 of the image, by fs-verity. */
const idPattern = /^[0-9a-f]{128}$/u

/** bootc's composefs backend. Names are IDs of EROFS images, which are mounted as roots. */
export const composefs: Backend = {
  finalization: 'bootc-finalize-staged.service',
  stagedFile,
  lockFile,
  listDirectory,
  needsMount: true,
  readStaged,
  parseStaged: (hostRoot, bytes) => deployment(hostRoot, parse(bytes).id),
  stagingTime: hostRoot => stagedTime(hostRoot, stagedFile) ?? stagedTime(hostRoot, lockFile),
  isLocked: hostRoot => {
    const staged = readStaged(hostRoot)
    return staged !== undefined && parse(staged).isLocked
  },
  takeLock: hostRoot => {
    unlessMissing(() => renameSync(join(hostRoot, stagedFile), join(hostRoot, lockFile)))
  },
  isLockOurs: hostRoot =>
    readStaged(hostRoot) !== undefined && readStagedFile(hostRoot, stagedFile) === undefined,
  removeOurLock: hostRoot => {
    // What was staged since has taken its place.
    if (readStagedFile(hostRoot, stagedFile) !== undefined)
      rmSync(join(hostRoot, lockFile), { force: true })
    else unlessMissing(() => renameSync(join(hostRoot, lockFile), join(hostRoot, stagedFile)))
  },
  deployments: hostRoot =>
    namesIn(join(hostRoot, listDirectory))
      .filter(name => idPattern.test(name))
      .map(name => deployment(hostRoot, name)),
  running: hostRoot => composefs.deploymentOf(hostRoot, hostRoot),
  deploymentOf: (hostRoot, root) => {
    const path = root === hostRoot ? '/' : root
    const id = idAt(hostRoot, path)
    return id === undefined ? undefined : deployment(hostRoot, id)
  },
  isRunning: (hostRoot, root) =>
    root === hostRoot ||
    (idAt(hostRoot, root) !== undefined && idAt(hostRoot, root) === idAt(hostRoot, '/')),
  defaultDeployment: hostRoot => {
    // bootc writes the file of GRUB for unified kernel images, else entries whose sort key is the order.
    const inGrub = bootDirectories.flatMap(boot => readGrubImages(join(hostRoot, boot)))
    const entries = bootDirectories
      .flatMap(boot => readBootEntries(join(hostRoot, boot, 'loader/entries')))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.sortKey), Buffer.from(b.sortKey)))
      .map(({ image, option }) => image ?? option('composefs')?.replace(/^\?/u, '') ?? '')
    const first = [...inGrub, ...entries].find(id => idPattern.test(id))
    return first === undefined ? undefined : deployment(hostRoot, first)
  },
  bootSettings: '/usr/lib/composefs/setup-root-conf.toml',
  hasTransientEtc: text => {
    // bootc: crates/initramfs/src/lib.rs, mount_subdir
    const { mount, transient } = fields(parseToml(text)['etc'])
    return mount === undefined ? transient === true : transientMounts.has(mount)
  },
  shippedEtc: root => join(root, 'etc'),
  runningEtc: hostRoot => ({
    local: join(hostRoot, 'etc'),
    booted: join(composefs.running(hostRoot)?.root ?? hostRoot, 'etc'),
  }),
  finalizedEtc: (hostRoot, root) => {
    const name = composefs.deploymentOf(hostRoot, root)?.name
    return name === undefined || root === hostRoot
      ? join(root, 'etc')
      : join(hostRoot, listDirectory, name, 'etc')
  },
  otherStateroot: () => undefined, // bootc has only one there
}

/**
 * Whether a host was booted with bootc's composefs backend: its root is mounted from an image (bootc:
 * crates/lib/src/bootc_composefs/status.rs, composefs_booted).
 */
export function isComposefsHost(hostRoot: string): boolean {
  return idAt(hostRoot, '/') !== undefined
}

/** After finalization the file stays until the next boot, which can be a soft reboot. */
function readStaged(hostRoot: string): Buffer | undefined {
  const bytes = readStagedFile(hostRoot, stagedFile) ?? readStagedFile(hostRoot, lockFile)
  if (bytes === undefined) return undefined
  const id = /"depl_id"\s*:\s*"([^"]*)"/u.exec(bytes.toString('latin1'))?.[1]
  return id === idAt(hostRoot, '/') ? undefined : bytes
}

/** @throws Error if the bytes are not what bootc writes (bootc: crates/lib/src/bootc_composefs/status.rs) */
function parse(bytes: Buffer): { readonly id: string; readonly isLocked: boolean } {
  try {
    const { depl_id: id, finalization_locked: isLocked }: Readonly<Record<string, unknown>> =
      JSON.parse(bytes.toString())
    if (typeof id !== 'string' || !idPattern.test(id)) throw new Error('depl_id is not an ID')
    if (typeof isLocked !== 'boolean') throw new Error('finalization_locked is not a boolean')
    return { id, isLocked }
  } catch (error) {
    throw new Error(`/${stagedFile} is not a staged deployment of bootc: stage the update again`, {
      cause: error,
    })
  }
}

function deployment(hostRoot: string, id: string): Deployment {
  return { name: id, root: join(hostRoot, rootsDirectory, id) }
}

/** ID of the image that is mounted at a directory, undefined if it is another kind of file system. */
function idAt(hostRoot: string, directory: string): string | undefined {
  const prefix = join(hostRoot, rootsDirectory, '/')
  if (directory.startsWith(prefix)) {
    const id = directory.slice(prefix.length)
    return idPattern.test(id) ? id : undefined
  }
  // proc_pid_mountinfo(5): the fifth field is the mount point, and the source is the second one after " - "
  const lines = unlessMissing(() => readFileSync(join(hostRoot, 'proc/self/mountinfo'), 'utf8'))
  const last = lines?.split('\n').findLast(line => line.split(' ')[4] === directory)
  return /^[^ ]+ (?:transient:)?composefs[:=]([0-9a-f]{128})(?: |$)/u.exec(
    last?.split(' - ')[1] ?? '',
  )?.[1]
}
