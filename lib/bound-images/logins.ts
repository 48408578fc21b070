import { readRegularFile } from '../root/read-regular-file.ts'
import { fields } from '../fields.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'

/** A file with credentials for every pull that has none of its own. */
export interface Login {
  /** Where the file is now. */
  readonly path: string
  /** What it has credentials for, like `host:5000/repository`; undefined when it has them for all. */
  readonly keys: readonly string[] | undefined
}

/** ostree's and bootc's places for them, in order (ostree-ext: src/globals.rs, ConfigPaths). */
const paths = ['/run/ostree/auth.json', '/etc/ostree/auth.json', '/usr/lib/ostree/auth.json']

const mostBytes = 1024 * 1024

/** Reads which credentials a deployment has (containers-auth.json(5)). */
export function readLogins(files: DeploymentFiles): readonly Login[] {
  return paths.flatMap(path => {
    const location = files.find(path, 'file')
    return location === undefined ? [] : [{ path: location, keys: keysIn(location) }]
  })
}

/**
 * The first file with credentials for an image. podman looks nowhere else once it was given a file, so
 * one without them must not be given.
 *
 * @param name full reference of the image
 */
export function findLogin(logins: readonly Login[], name: string): string | undefined {
  return logins.find(({ keys }) => keys?.some(key => isFor(key, name)) !== false)?.path
}

/** What cannot be understood is left to podman, which tells what is wrong with it. */
function keysIn(path: string): readonly string[] | undefined {
  try {
    const content: unknown = JSON.parse(readRegularFile(path, mostBytes).toString())
    const { auths, credHelpers, credsStore } = fields(content)
    if (credsStore !== undefined) return undefined
    return [auths, credHelpers].flatMap(value => Object.keys(fields(value)))
  } catch {
    return undefined
  }
}

/** A key names a registry, or the start of a repository's path; old files have URLs. */
function isFor(key: string, name: string): boolean {
  const scope = key
    .replace(/^https?:\/\//u, '')
    .replace(/\/v\d\/?$|\/$/u, '')
    // Docker Hub's older names (containers/image: pkg/docker/config/config.go, normalizeRegistry).
    .replace(/^(?:index|registry-1)\.docker\.io(?=\/|$)/u, 'docker.io')
  const repository = name.replace(/@.*$|:[^:/]*$/u, '')
  return repository === scope || repository.startsWith(`${scope}/`)
}
