import { readRegularFile } from '../read-regular-file.ts'
import { fields } from '../fields.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'

/** A credentials file for every pull without its own credentials. */
export interface Login {
  /** Current location of the file. */
  readonly path: string
  /** What the credentials are for, like `host:5000/repository`. Undefined if they may be for any registry. */
  readonly keys: readonly string[] | undefined
}

/** Credentials files of ostree and bootc, in search order (ostree-ext: src/globals.rs, ConfigPaths). */
const paths = ['/run/ostree/auth.json', '/etc/ostree/auth.json', '/usr/lib/ostree/auth.json']

const maxBytes = 1024 * 1024

/** Finds the credentials files of a deployment and what they are for (containers-auth.json(5)). */
export function readLogins(files: DeploymentFiles): readonly Login[] {
  return paths.flatMap(path => {
    const location = files.find(path, 'file')
    return location === undefined ? [] : [{ path: location, keys: keysIn(location) }]
  })
}

/**
 * The first file with credentials for an image. podman reads no other file if it is given one, so it must not
 * be given a file without credentials for the image.
 *
 * @param name full reference of the image
 */
export function findLogin(logins: readonly Login[], name: string): string | undefined {
  return logins.find(({ keys }) => keys?.some(key => covers(key, name)) !== false)?.path
}

/** A file that cannot be parsed may be for any registry: podman then reports the error. */
function keysIn(path: string): readonly string[] | undefined {
  try {
    const content: unknown = JSON.parse(readRegularFile(path, maxBytes).toString())
    const { auths, credHelpers, credsStore } = fields(content)
    if (credsStore !== undefined) return undefined
    return [auths, credHelpers].flatMap(value => Object.keys(fields(value)))
  } catch {
    return undefined
  }
}

/** A key is a registry or a prefix of a repository path. Old files contain URLs. */
function covers(key: string, name: string): boolean {
  const scope = key
    .replace(/^https?:\/\//u, '')
    .replace(/\/v\d\/?$|\/$/u, '')
    // Docker Hub's older names (containers/image: pkg/docker/config/config.go, normalizeRegistry).
    .replace(/^(?:index|registry-1)\.docker\.io(?=\/|$)/u, 'docker.io')
  const repository = name.replace(/@.*$|:[^:/]*$/u, '')
  return repository === scope || repository.startsWith(`${scope}/`)
}
