import type { DeploymentFiles } from './deployment-files.ts'
import { hasPodman6 } from './has-podman-6.ts'

const adminDirectory = '/etc/containers'
/** Where podman 6 looks too, for what is not in `adminDirectory`. */
const vendorDirectory = '/usr/share/containers'

/** Far above any real root. */
const maxDropIns = 1000

/**
 * The files of a configuration of a root's podman, in the order in which it reads them: the main file, then the drop-ins
 * by name. podman 6 reads those in /usr/share/containers too, and those that are for root alone
 * (containers-registries.conf(5)).
 *
 * @param name like `registries.conf`; the directory of its drop-ins is `registries.conf.d`
 * @throws Error if there are more than in any real root
 */
export function configurationPaths(files: DeploymentFiles, name: string): readonly string[] {
  const hasVendor = hasPodman6(files)
  const parents = hasVendor ? [vendorDirectory, adminDirectory] : [adminDirectory]
  const main = parents
    .map(parent => `${parent}/${name}`)
    .findLast(path => files.follow(path) !== undefined)
  const isFile = (path: string) => files.follow(path)?.stat.isFile() === true
  const extension = name.slice(name.lastIndexOf('.'))
  const rootful = `${name.slice(0, -extension.length)}.rootful${extension}.d`
  const directories = hasVendor ? [`${name}.d`, rootful] : [`${name}.d`]
  const dropIns = new Map<string, string>()
  for (const parent of parents)
    for (const directory of directories)
      for (const file of files.names(`${parent}/${directory}`).map(String))
        if (file.endsWith(extension)) dropIns.set(file, `${parent}/${directory}/${file}`)
  if (dropIns.size > maxDropIns) throw new Error(`${name} has more than ${maxDropIns} drop-ins`)
  return [
    ...(main === undefined ? [] : [main]),
    ...[...dropIns]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, path]) => path)
      // podman skips directories, and behind a link to /dev/null is nothing.
      .filter(isFile),
  ]
}
