import { readlinkSync } from 'node:fs'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { Refusal } from '../text/fault.ts'

/** The kernel's limits (include/linux/namei.h, MAXSYMLINKS; include/uapi/linux/limits.h, PATH_MAX). */
const maxLinks = 40
const maxPathLength = 4096

/**
 * The current location of a file or directory of the new deployment.
 *
 * An administrator can still create a missing path below /etc, /run or /var. For such a path this returns the
 * destination of its links, even if nothing exists there: /root, for example, is a link to /var/roothome.
 *
 * podman must not open a path of another kind, such as a device or a FIFO, or one that the new deployment
 * will not have. For such a path this returns a path below it. That path cannot exist, so podman reports the
 * error.
 *
 * @throws Refusal if the path is not absolute, or the new root can never have it
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
 * Follows the links and the `..` of a path, even if nothing exists there.
 *
 * @returns undefined for a loop of links and for a path that is too long
 */
function destination(files: DeploymentFiles, path: string): string | undefined {
  const todo = path.split('/').toReversed()
  const parts: string[] = []
  let links = 0
  let missing = Infinity // number of parts of the first path on the way that does not exist
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') parts.pop()
    if (parts.length < missing) missing = Infinity
    if (['', '.', '..'].includes(part)) continue
    parts.push(part)
    const here = `/${parts.join('/')}`
    if (here.length > maxPathLength) return undefined
    const found = missing === Infinity ? files.look(here) : undefined
    if (found === undefined) missing = Math.min(missing, parts.length)
    if (found?.stat.isSymbolicLink() !== true) continue
    if (++links > maxLinks) return undefined
    const target = readlinkSync(found.location)
    parts.length = target.startsWith('/') ? 0 : parts.length - 1
    todo.push(...target.split('/').toReversed())
  }
  return `/${parts.join('/')}`
}
