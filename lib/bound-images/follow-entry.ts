import { readlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'
import type { Entry } from './list-entries.ts'
import type { QuadletFiles } from '../quadlet/quadlet-files.ts'
import { quadletKind, sectionOf, type QuadletKind } from '../quadlet/quadlet-kind.ts'

/** A file that Quadlet will read in the deployment. */
export interface QuadletFile {
  readonly kind: QuadletKind
  /** Name that Quadlet uses for the file, like `web.image` or `db@two.image`. */
  readonly name: string
  /** Path in the deployment. */
  readonly path: string
}

const maxHops = 40

/**
 * Finds the Quadlet file that an entry leads to. Follows links one at a time, because the first name in a
 * Quadlet directory counts: there, `db@two.image` may be a link to a template, and a file in /etc overrides a
 * file of the same name in /usr.
 *
 * @throws Refusal if the entry does not lead to a Quadlet file
 * @throws UnresolvedPath for a dangling link
 */
export function followEntry(
  files: DeploymentFiles,
  quadlet: QuadletFiles,
  entry: Entry,
): QuadletFile {
  const kind = quadletKind(entry.name)
  if (kind === undefined)
    throw new Refusal(
      `the name of an entry must end in ${Object.keys(sectionOf)
        .map(each => `.${each}`)
        .join(', ')} or .toml`,
      'rename it',
    )
  const path = hopToQuadlet(files, quadlet, entry.path)
  const name = basename(path)
  const otherKind = quadletKind(name)
  if (otherKind !== undefined && otherKind !== kind)
    throw new Refusal(
      `the .${kind} entry is a link to ${path}, a file of another type`,
      'use the same extension for both',
    )
  const known = otherKind === undefined ? entry.name : instanceName(entry.name, name)
  const isInQuadletDirectory = quadlet.directories.has(dirname(path))
  return {
    kind,
    name: known,
    path: isInQuadletDirectory ? (quadlet.files.get(name) ?? path) : path,
  }
}

/** The first path in a Quadlet directory on the way to the target, or else the target. */
function hopToQuadlet(files: DeploymentFiles, quadlet: QuadletFiles, start: string): string {
  let path = start
  for (let hops = 0; hops < maxHops; hops++) {
    const directory = files.resolveDirectory(dirname(path))
    path = `${directory}/${basename(path)}`
    if (quadlet.directories.has(directory)) return path
    const target = linkTarget(files, path)
    if (target === undefined) return path
    path = target.startsWith('/') ? target : `${directory}/${target}`
  }
  return files.resolve(start)
}

function linkTarget(files: DeploymentFiles, path: string): string | undefined {
  const location = files.place(path)
  if (location === undefined) {
    files.resolve(path) // throws an error that names what is missing
    return undefined
  }
  try {
    return readlinkSync(location).replace(/\/+$/u, '')
  } catch {
    return undefined // not a link
  }
}

/** If the entry `db@two.image` leads to the template `db@.image`, it is an instance of the template. */
function instanceName(entryName: string, name: string): string {
  const [, template] = /^([^@]*@)\.[^.]+$/u.exec(name) ?? []
  return template !== undefined && entryName.startsWith(template) ? entryName : name
}
