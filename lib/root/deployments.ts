import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whether two roots are of one deployment. Told by their /etc, because / itself can be an overlay (ostree
 * with composefs), and a bind mount has another path.
 */
export function isSameDeployment(a: string, b: string): boolean {
  const [one, other] = [a, b].map(root => statSync(join(root, 'etc'), { throwIfNoEntry: false }))
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

/** The directory of the deployment that a root, `/` for example, is of; the root itself when there is none. */
export function deploymentDirectory(hostRoot: string, root: string): string {
  const top = join(hostRoot, 'sysroot/ostree/deploy')
  return (
    directoriesIn(top)
      .flatMap(osname => directoriesIn(join(osname, 'deploy')))
      .find(directory => isSameDeployment(directory, root)) ?? root
  )
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => join(path, name))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
