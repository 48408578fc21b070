import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/**
 * Whether two roots are of one deployment. Told by their /etc, because / itself can be an overlay (ostree
 * with composefs), and a bind mount has another path.
 */
export function isSameDeployment(a: string, b: string): boolean {
  const [one, other] = [a, b].map(root => statSync(join(root, 'etc'), { throwIfNoEntry: false }))
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

/** Names of all deployments on disk, `<checksum>.<serial>`. */
export function deploymentNames(hostRoot: string): readonly string[] {
  return deploymentDirectories(hostRoot).map(directory => basename(directory))
}

/** The directory of the deployment that a root, `/` for example, is of; the root itself when there is none. */
export function deploymentDirectory(hostRoot: string, root: string): string {
  return (
    deploymentDirectories(hostRoot).find(directory => isSameDeployment(directory, root)) ?? root
  )
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
