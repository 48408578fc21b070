import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Backend } from './backend.ts'
import { composefs, isComposefsHost } from './composefs.ts'
import { ostree } from './ostree.ts'

/** The backend of a host. A host that was booted with none of them has nothing staged. */
export function backendOf(hostRoot: string): Backend {
  return isComposefsHost(hostRoot) ? composefs : ostree
}

/**
 * @throws Error if a host was booted with no backend that we know, or something is staged with another one than that:
 * we cannot open what is staged, and have no gate for it
 */
export function requireKnownBackend(hostRoot: string): void {
  const backend = backendOf(hostRoot)
  for (const { stagedFile } of [ostree, composefs])
    if (stagedFile !== backend.stagedFile && existsSync(join(hostRoot, stagedFile)))
      throw new Error(
        `/${stagedFile}: a deployment is staged in a way that does not fit how this host was booted: nothing pulls its bound images, and nothing keeps it from becoming the default without them`,
      )
  if (backend === ostree && !existsSync(join(hostRoot, 'run/ostree-booted')))
    throw new Error(
      'this host was booted neither with ostree (/run/ostree-booted is missing) nor with the composefs backend of bootc (/ is not mounted from composefs), so no deployment can be staged',
    )
}
