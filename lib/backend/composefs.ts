import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rootsDirectory } from '../directories.ts'
import { listDirectory as namesIn } from '../list-directory.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { Backend, Deployment } from './backend.ts'
import { readBootEntries } from './boot-entries.ts'
import { readStagedFile, stagedTime } from './staged-file.ts'

// bootc: crates/lib/src/composefs_consts.rs
const stagedFile = 'run/composefs/staged-deployment'
const listDirectory = 'sysroot/state/deploy'

/**
 * Our lock: the file about the staged deployment, renamed by the gate or bootc-bound-images-guard.service. bootc has a
 * lock in the file itself, which its users and tools set and remove.
 */
const heldFile = `${stagedFile}-held`

/** SHA-512 of the image, by fs-verity. */
const idPattern = /^[0-9a-f]{128}$/u

/** bootc's composefs backend. Names are IDs of EROFS images, which are mounted as roots. */
export const composefs: Backend = {
  finalization: 'bootc-finalize-staged.service',
  stagedFile,
  listDirectory,
  isMounted: true,
  readStaged,
  parseStaged: (hostRoot, bytes) => deployment(hostRoot, parse(bytes).id),
  stagingTime: hostRoot => stagedTime(hostRoot, stagedFile) ?? stagedTime(hostRoot, heldFile),
  isLocked: hostRoot => {
    const staged = readStaged(hostRoot)
    return staged !== undefined && parse(staged).isLocked
  },
  takeLock: hostRoot => {
    unlessMissing(() => renameSync(join(hostRoot, stagedFile), join(hostRoot, heldFile)))
  },
  removeOurLock: hostRoot => {
    // What was staged since has taken its place.
    if (readStagedFile(hostRoot, stagedFile) !== undefined)
      rmSync(join(hostRoot, heldFile), { force: true })
    else unlessMissing(() => renameSync(join(hostRoot, heldFile), join(hostRoot, stagedFile)))
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
    const [first] = ['sysroot/boot', 'boot']
      .flatMap(boot => readBootEntries(join(hostRoot, boot, 'loader/entries')))
      .flatMap(({ sortKey, option }) => {
        const id = option('composefs')?.replace(/^\?/u, '')
        return id !== undefined && idPattern.test(id) ? [{ sortKey, id }] : []
      })
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.sortKey), Buffer.from(b.sortKey)))
    return first && deployment(hostRoot, first.id)
  },
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
  const bytes = readStagedFile(hostRoot, stagedFile) ?? readStagedFile(hostRoot, heldFile)
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
    throw new Error(`/${stagedFile} is not a staged deployment of bootc`, { cause: error })
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
