import { readlinkSync } from 'node:fs'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'

/** The kernel's limits (include/linux/namei.h, MAXSYMLINKS; include/uapi/linux/limits.h, PATH_MAX). */
const mostLinks = 40
const longestPath = 4096

/**
 * Where the file or directory that a path of the new deployment means is now.
 *
 * What is nowhere yet but can still be put in place by an administrator, below /etc, /run and /var, is
 * named where he would put it; links may lead there, as /root does to /var/roothome. What must not be
 * opened, because it is of another kind, like a device or a FIFO, or because it will be gone, gets a path
 * below it, which cannot exist, and podman says so.
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
  const later = destination(files, path)
  if (later !== undefined && /^\/(?:etc|run|var)\//u.test(later))
    return files.isDropped(later) ? `${later}/is-not-in-the-new-deployment` : later
  throw new Refusal(`the root has no ${kind} ${path}`, 'add it to the OS image')
}

/**
 * Where a path leads by its links and `..`, also when nothing is there.
 *
 * @returns undefined when it leads in a circle, or too far
 */
function destination(files: DeploymentFiles, path: string): string | undefined {
  const todo = path.split('/').toReversed()
  const parts: string[] = []
  let links = 0
  let missing = Infinity // as many parts has the first path on the way that does not exist
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') parts.pop()
    if (parts.length < missing) missing = Infinity
    if (['', '.', '..'].includes(part)) continue
    parts.push(part)
    const here = `/${parts.join('/')}`
    if (here.length > longestPath) return undefined
    const found = missing === Infinity ? files.look(here) : undefined
    if (found === undefined) missing = Math.min(missing, parts.length)
    if (found?.stat.isSymbolicLink() !== true) continue
    if (++links > mostLinks) return undefined
    const target = readlinkSync(found.location)
    parts.length = target.startsWith('/') ? 0 : parts.length - 1
    todo.push(...target.split('/').toReversed())
  }
  return `/${parts.join('/')}`
}
