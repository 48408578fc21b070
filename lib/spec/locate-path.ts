import { normalize } from 'node:path'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'

/**
 * Where the file or directory that a path of the new deployment means is now.
 *
 * What is nowhere yet but can still be put in place by an administrator, below /etc, /run and /var, is
 * named where he would put it. What must not be opened, because it is of another kind, like a device or a
 * FIFO, or because it will be gone, gets a path below it, which cannot exist, and podman says so.
 *
 * @throws Refusal for a path that is not absolute, or that the new root cannot ever have
 */
export function locatePath(
  files: DeploymentFiles,
  path: string,
  kind: 'file' | 'directory',
): string {
  if (!path.startsWith('/')) throw new Refusal('not an absolute path', 'start it with /')
  if (/\p{Cc}/u.test(path)) throw new Refusal('a path with control characters', 'rename the file')
  const found = files.find(path, kind)
  if (found !== undefined) return found
  if (files.follow(path) !== undefined)
    return `${path}/is-not-a-${kind === 'file' ? 'regular-file' : 'directory'}`
  if (/^\/(?:etc|run|var)\//u.test(normalize(path)))
    return files.isDropped(path) ? `${path}/is-not-in-the-new-deployment` : normalize(path)
  throw new Refusal(`the root has no ${kind} ${path}`, 'add it to the OS image')
}
