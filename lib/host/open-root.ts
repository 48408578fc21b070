// Mounts the roots of deployments. Failure policy: a root that cannot be mounted is an error with the reason.
import { mkdirSync } from 'node:fs'
import { execaSync } from 'execa'
import type { Deployment } from '../backend/backend.ts'
import { backendOf } from '../backend/host-backend.ts'
import { hostRoot } from '../directories.ts'

const timeout = 60_000
const mountRoot = `${import.meta.dirname}/mount-root`

/** Every process mounts a root for itself: most have their own mount namespace. */
const opened = new Set<string>()

/**
 * Makes the root of a deployment readable until this process ends. A backend that keeps roots as images has it mounted.
 *
 * @returns the root directory
 */
export function openRoot({ name, root }: Deployment): string {
  if (!backendOf(hostRoot).needsMount || opened.has(root)) return root
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const { failed, stderr } = execaSync(mountRoot, [name, root], { timeout, reject: false })
  if (failed)
    throw new Error(
      `the root of ${name} cannot be mounted: ${stderr.trim() || 'mount-root gave no reason'}`,
    )
  if (opened.size === 0) closeAtExit()
  opened.add(root)
  return root
}

function closeAtExit(): void {
  process.once('exit', () => {
    for (const root of opened) execaSync('umount', ['--lazy', '--', root], { reject: false })
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
}
