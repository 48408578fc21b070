import type { DeploymentFiles } from '../root/deployment-files.ts'
import { quadletKind } from './quadlet-kind.ts'

/**
 * Search path of Quadlet in a deployment, first match first (podman: pkg/systemd/quadlet/unitdirs.go).
 * Without /run/containers/systemd, which is empty when the deployment boots.
 */
const adminDirectory = '/etc/containers/systemd'
const vendorDirectory = '/usr/share/containers/systemd'

/** For users other than root. */
const userDirectory = `${adminDirectory}/users`

const maxDirectories = 10_000
/** Maximum nesting. Finding a path takes longer the deeper it is. */
const maxDepth = 64

/** The Quadlet files of a deployment, by name. */
export interface QuadletFiles {
  /** Name -> path of the file that counts. */
  readonly files: ReadonlyMap<string, string>
  /** Name of a drop-in directory -> paths, first match first. */
  readonly dropInDirectories: ReadonlyMap<string, readonly string[]>
  /** Every directory that was read, with its links resolved. */
  readonly directories: ReadonlySet<string>
}

/**
 * Lists the Quadlet files of a deployment. Of each name, the first file in the search path or its
 * subdirectories counts.
 *
 * Like Quadlet, this skips directories by their path with links resolved (unitdirs.go, skipPath): directories
 * of drop-ins and, on the way from /etc/containers/systemd, every path that starts with that of the users'
 * directory, even `users-x`.
 */
export function listQuadletFiles(files: DeploymentFiles): QuadletFiles {
  const found = new Map<string, string>()
  const dropIns = new Map<string, string[]>()
  const visited = new Set<string>()
  const visit = (directory: string, users?: string, depth = 1): void => {
    const resolved = resolve(files, `${directory}/.`)
    if (resolved === undefined || visited.has(resolved) || resolved.endsWith('.d')) return
    if (users !== undefined && resolved.startsWith(users)) return
    if (visited.size >= maxDirectories || depth > maxDepth) return
    visited.add(resolved)
    const subdirectories: string[] = []
    for (const bytes of files.names(resolved)) {
      const name = bytes.toString()
      const path = `${resolved}/${name}`
      const extension = /\.([^.]*)$/u.exec(name)?.[1]
      if (extension === 'd') dropIns.set(name, [...(dropIns.get(name) ?? []), path])
      const kind = quadletKind(name)
      const mayBeDirectory = kind === undefined || kind === 'pod' || kind === 'volume'
      if (mayBeDirectory && files.find(path, 'directory') !== undefined) subdirectories.push(path)
      else if (kind !== undefined && !found.has(name)) found.set(name, path)
    }
    for (const path of subdirectories) visit(path, users, depth + 1)
  }
  visit(adminDirectory, resolve(files, userDirectory) ?? userDirectory)
  visit(vendorDirectory)
  return { files: found, dropInDirectories: dropIns, directories: visited }
}

function resolve(files: DeploymentFiles, path: string): string | undefined {
  try {
    return files.resolve(path)
  } catch {
    return undefined // as in Quadlet; a spec that leads into it reports the error
  }
}

/**
 * The names of the drop-in directories of a file, most specific first (podman:
 * pkg/systemd/parser/unitfile.go, GetUnitDropinPaths).
 */
export function dropInDirectoryNames(file: string): readonly string[] {
  const extension = file.slice(file.lastIndexOf('.'))
  const base = file.slice(0, -extension.length)
  const [, template] = /^([^@]*@).+$/su.exec(base) ?? []
  const parts = base.replace(/@.*$/su, '').split('-')
  const truncated = parts
    .slice(1)
    .map((_part, index) => `${parts.slice(0, index + 1).join('-')}-`)
    .toReversed()
    .flatMap(start => (base.includes('@') ? [`${start}@`, start] : [start]))
    .map(start => `${start}${extension}.d`)
  return [
    `${file}.d`,
    ...(template === undefined ? [] : [`${template}${extension}.d`]),
    ...truncated,
    `${extension.slice(1)}.d`,
  ]
}
