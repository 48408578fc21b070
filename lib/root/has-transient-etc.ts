import { join } from 'node:path'
import { readRegularFile } from '../read-regular-file.ts'
import { resolveInRoot, UnresolvedPath } from './resolve-in-root.ts'

const maxBytes = 64 * 1024

/**
 * Whether a deployment boots with nothing in /etc but its /usr/etc, below a writable layer in memory
 * (ostree-prepare-root(1), `etc.transient`). ostree itself reads a copy of this file in the initramfs.
 */
export function hasTransientEtc(root: string): boolean {
  try {
    const path = resolveInRoot(root, '/usr/lib/ostree/prepare-root.conf')
    const text = readRegularFile(join(root, path), maxBytes).toString()
    const section = text.split(/^\[/mu).find(part => part.startsWith('etc]')) ?? ''
    return /^transient[ \t]*=[ \t]*(?:true|1)[ \t]*$/mu.test(section)
  } catch (error) {
    if (error instanceof UnresolvedPath) return false
    throw error
  }
}
