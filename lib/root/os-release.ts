import type { DeploymentFiles } from './deployment-files.ts'
import { UnresolvedPath } from './resolve-in-root.ts'

const maxBytes = 64 * 1024

/**
 * Reads os-release(5) of a deployment: /etc/os-release, or else /usr/lib/os-release.
 *
 * @returns field -> value, or undefined if there is no such file
 */
export function readOsRelease(files: DeploymentFiles): ReadonlyMap<string, string> | undefined {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(files.read(path, maxBytes).toString())
    } catch (error) {
      if (!(error instanceof UnresolvedPath)) throw new Error(`reading ${path}`, { cause: error })
    }
  }
  return undefined
}

/** Parses shell-like assignments. A value may be quoted, with backslashes before special characters. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/su.exec(line.trim()) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, unquote(value))
  }
  return fields
}

function unquote(value: string): string {
  const single = /^'([^']*)'$/u.exec(value)?.[1]
  if (single !== undefined) return single
  const inner = /^"(.*)"$/su.exec(value)?.[1] ?? value
  return inner.replaceAll(/\\(["$`\\'])/gu, '$1')
}
