import { readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { unlessMissing } from '../unless-missing.ts'
import type { Backend, Deployment } from './backend.ts'
import { readBootEntries } from './boot-entries.ts'
import { isTrueIn, pairIn, readVardict, stringIn, vardictIn } from './gvariant.ts'
import { readStagedFile, stagedTime } from './staged-file.ts'

const stagedFile = 'run/ostree/staged-deployment'
const lockFile = `${stagedFile}-locked`
const listDirectory = 'sysroot/ostree/deploy'

/** Contents of the lock file if the gate or bootc-bound-images-guard.service made it. */
const ourLock = 'bootc-bound-images\n'

/** ostree, with rpm-ostree or bootc above it. Names are `<commit checksum>.<serial>`, and roots are directories. */
export const ostree: Backend = {
  finalization: 'ostree-finalize-staged.service',
  stagedFile,
  lockFile,
  listDirectory,
  needsMount: false,
  readStaged: hostRoot => readStagedFile(hostRoot, stagedFile),
  parseStaged,
  stagingTime: hostRoot => stagedTime(hostRoot, stagedFile),
  isLocked: hostRoot => {
    // ostree: src/libostree/ostree-sysroot-deploy.c, _ostree_sysroot_finalize_staged_inner
    const staged = readStagedFile(hostRoot, stagedFile)
    if (staged === undefined) return false
    return lockOf(hostRoot) === 'other' || isTrueIn(readVardict(staged), 'locked')
  },
  takeLock: hostRoot => {
    if (lockOf(hostRoot) === undefined) writeLock(join(hostRoot, lockFile))
  },
  isLockOurs: hostRoot => ostree.readStaged(hostRoot) !== undefined && lockOf(hostRoot) === 'ours',
  removeOurLock: hostRoot => {
    if (lockOf(hostRoot) === 'ours') rmSync(join(hostRoot, lockFile))
  },
  deployments: hostRoot =>
    directoriesIn(join(hostRoot, listDirectory))
      .flatMap(stateroot => directoriesIn(join(stateroot, 'deploy')))
      .map(deploymentIn),
  running: hostRoot => ostree.deploymentOf(hostRoot, hostRoot),
  deploymentOf: (hostRoot, root) => {
    const all = ostree.deployments(hostRoot)
    const found = all.find(deployment => isSameDeployment(deployment.root, root))
    if (found !== undefined || root !== hostRoot) return found
    const backing = backingRoot(hostRoot)
    return all.find(deployment => isSameFile(statOf(deployment.root), backing))
  },
  isRunning: (hostRoot, root) =>
    isSameDeployment(hostRoot, root) ||
    isSameDeployment(ostree.running(hostRoot)?.root ?? hostRoot, root),
  defaultDeployment: hostRoot => {
    // src/libostree/ostree-sysroot.c, _ostree_sysroot_read_boot_loader_configs
    const [first] = readBootEntries(join(hostRoot, 'boot/loader/entries'))
      .flatMap(({ version, option }) => {
        const link = option('ostree')
        return link === undefined ? [] : [{ version, link }]
      })
      .toSorted((a, b) => b.version - a.version)
    return first && deploymentIn(realpathSync(join(hostRoot, 'sysroot', first.link)))
  },
  bootSettings: '/usr/lib/ostree/prepare-root.conf',
  hasTransientEtc: text => {
    // ostree-prepare-root(1)
    const section = text.split(/^\[/mu).find(part => part.startsWith('etc]')) ?? ''
    return /^transient[ \t]*=[ \t]*(?:true|1)[ \t]*$/mu.test(section)
  },
  shippedEtc: root => {
    const etc = join(root, 'usr/etc')
    return statSync(etc, { throwIfNoEntry: false })?.isDirectory() === true
      ? etc
      : join(root, 'etc')
  },
  runningEtc: hostRoot => ({
    // With etc.transient, /etc is an overlay whose changes are gone at the reboot.
    local: join(ostree.running(hostRoot)?.root ?? hostRoot, 'etc'),
    booted: join(hostRoot, 'usr/etc'),
  }),
  finalizedEtc: (_hostRoot, root) => join(root, 'etc'),
  otherStateroot: (hostRoot, root) => {
    const [mine, other] = [staterootOf(hostRoot, hostRoot), staterootOf(hostRoot, root)]
    if (mine === undefined || other === undefined || mine === other) return undefined
    // Otherwise /var is a file system of its own.
    const own = join(hostRoot, listDirectory, mine, 'var')
    return isSameFile(statOf(join(hostRoot, 'var')), statOf(own)) ? { mine, other } : undefined
  },
}

/**
 * The file is a GVariant `a{sv}` whose `target` identifies the deployment (ostree:
 * src/libostree/ostree-sysroot-deploy.c, serialize_deployment_to_variant).
 */
function parseStaged(hostRoot: string, bytes: Buffer): Deployment {
  try {
    const target = vardictIn(readVardict(bytes), 'target')
    const [osname, name] = [stringIn(target, 'osname'), stringIn(target, 'name')]
    if (!/^[\w+-][\w.+-]*$/u.test(osname)) throw new Error('osname is not a directory name')
    if (!/^[0-9a-f]{64}\.[0-9]+$/u.test(name)) throw new Error('name is not CHECKSUM.SERIAL')
    return { name, root: join(hostRoot, listDirectory, osname, 'deploy', name) }
  } catch (error) {
    throw new Error(`/${stagedFile} is not a staged deployment of ostree`, { cause: error })
  }
}

/** Leaves no lock that is empty, which would count as that of somebody else, nor removes one that is. */
function writeLock(path: string): void {
  try {
    writeFileSync(path, ourLock, { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      rmSync(path, { force: true })
    throw error
  }
}

function lockOf(hostRoot: string): 'ours' | 'other' | undefined {
  const contents = unlessMissing(() => readFileSync(join(hostRoot, lockFile), 'utf8'))
  return contents === undefined ? undefined : contents === ourLock ? 'ours' : 'other'
}

function deploymentIn(directory: string): Deployment {
  return { name: basename(directory), root: directory }
}

function staterootOf(hostRoot: string, root: string): string | undefined {
  const directory = ostree.deploymentOf(hostRoot, root)?.root ?? root
  return /\/ostree\/deploy\/([^/]+)\/deploy\/[^/]+$/u.exec(directory)?.[1]
}

/**
 * Whether two roots are of one deployment. Compares their /etc, because / can be an overlay (ostree with
 * composefs), and / itself, because /etc can be an overlay (ostree's `etc.transient`). Does not compare
 * paths, because a bind mount has another path.
 */
function isSameDeployment(a: string, b: string): boolean {
  return ['etc', '.'].some(path => isSameFile(statOf(join(a, path)), statOf(join(b, path))))
}

/** Identifies a file. */
interface FileId {
  readonly dev: bigint
  readonly ino: bigint
}

function statOf(path: string): FileId | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

function isSameFile(a: FileId | undefined, b: FileId | undefined): boolean {
  return a !== undefined && a.dev === b?.dev && a.ino === b.ino
}

/**
 * Identifies the directory of the running deployment if both / and /etc are overlays (ostree:
 * src/libotcore/otcore.h, OTCORE_RUN_BOOTED_KEY_BACKING_ROOTDEVINO). Older versions of ostree do not record
 * it.
 */
function backingRoot(hostRoot: string): FileId | undefined {
  try {
    const booted = readVardict(readFileSync(join(hostRoot, 'run/ostree-booted')))
    const [dev, ino] = pairIn(booted, 'backing-root-device-inode')
    return { dev, ino }
  } catch {
    return undefined
  }
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => join(path, name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && isAbsence(error.code)) return []
    throw error
  }
}

function isAbsence(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR'
}
