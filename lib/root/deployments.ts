import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pairIn, readVardict } from './gvariant.ts'

/**
 * Whether two roots are of one deployment. Compares their /etc, because / can be an overlay (ostree with
 * composefs), and / itself, because /etc can be an overlay (ostree's `etc.transient`). Does not compare
 * paths, because a bind mount has another path.
 */
export function isSameDeployment(a: string, b: string): boolean {
  return ['etc', '.'].some(path => isSameFile(statOf(join(a, path)), statOf(join(b, path))))
}

/** Names of all deployments on disk, `<checksum>.<serial>`. */
export function deploymentNames(hostRoot: string): readonly string[] {
  return deploymentDirectories(hostRoot).map(directory => basename(directory))
}

/**
 * The directory of the deployment that a root, for example `/`, belongs to. The root itself if there is none.
 */
export function deploymentDirectory(hostRoot: string, root: string): string {
  const directories = deploymentDirectories(hostRoot)
  const found = directories.find(directory => isSameDeployment(directory, root))
  if (found !== undefined || root !== hostRoot) return found ?? root
  const backing = backingRoot(hostRoot)
  return directories.find(directory => isSameFile(statOf(directory), backing)) ?? root
}

/** Name of the stateroot that a root belongs to; undefined if it is not the root of a deployment. */
export function staterootOf(hostRoot: string, root: string): string | undefined {
  const directory = deploymentDirectory(hostRoot, root)
  return /\/ostree\/deploy\/([^/]+)\/deploy\/[^/]+$/u.exec(directory)?.[1]
}

/** Whether /var of the running system is that of a stateroot. Otherwise it is a file system of its own. */
export function isVarOf(hostRoot: string, stateroot: string): boolean {
  const own = join(hostRoot, 'sysroot/ostree/deploy', stateroot, 'var')
  return isSameFile(statOf(join(hostRoot, 'var')), statOf(own))
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

/** Directories of all deployments on disk. */
export function deploymentDirectories(hostRoot: string): readonly string[] {
  return directoriesIn(join(hostRoot, 'sysroot/ostree/deploy')).flatMap(osname =>
    directoriesIn(join(osname, 'deploy')),
  )
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
