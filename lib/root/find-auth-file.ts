import { lstatSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { resolveInRoot } from './resolve-in-root.ts'

/**
 * Finds the file that a path of the new deployment means while that deployment is only staged. What
 * is below /etc is looked up as ostree's three-way merge will leave it at finalization (ostree:
 * src/libostree/ostree-sysroot-deploy.c, merge_configuration_from): what the administrator changed or
 * added stays, what he deleted stays deleted, the rest comes from the new root. /run and /var belong
 * to the host.
 *
 * @param root the new deployment's directory
 * @param hostRoot `/`, or what stands for it
 * @returns the path of a regular file, or undefined when there will be none
 */
export function findAuthFile(
  root: string,
  hostRoot: string,
  asWritten: string,
): string | undefined {
  const path = normalize(asWritten)
  const [, top, below] = /^\/+([^/]+)\/+(.*)$/su.exec(path) ?? []
  if (top === 'run' || top === 'var') return regularFile(hostRoot, path)
  if (top !== 'etc' || below === undefined) return regularFile(root, path)
  const local = regularFile(hostRoot, path)
  const vendor = regularFile(hostRoot, join('usr/etc', below))
  if (local === undefined && vendor !== undefined) return undefined
  if (local !== undefined && (vendor === undefined || !sameContents(local, vendor))) return local
  return regularFile(root, join('usr/etc', below)) ?? regularFile(root, path)
}

function regularFile(root: string, path: string): string | undefined {
  try {
    const file = join(root, resolveInRoot(root, path))
    return lstatSync(file).isFile() ? file : undefined
  } catch {
    return undefined // a path that does not resolve names no file, for whatever reason
  }
}

function sameContents(a: string, b: string): boolean {
  return readFileSync(a).equals(readFileSync(b))
}
