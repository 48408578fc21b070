import { Refusal } from '../text/fault.ts'
import { type ByteBudget, copyBudget } from './byte-budget.ts'
import { DeploymentFiles } from './deployment-files.ts'

/** A file as data. */
export interface ConfigurationFile {
  /** Path below /etc/containers. */
  readonly path: string
  readonly contents: Buffer
}

const directory = '/etc/containers'

/** What decides whether and from where an image may be pulled (containers-registries.conf(5) and others). */
const pullConfiguration = [
  'certs.d',
  'policy.json',
  'registries.conf',
  'registries.conf.d',
  'registries.d',
]

/** Maximum number of files and directories in a tree. Each counts once for every link to it. */
const maxEntries = 2000
const maxFileBytes = 1024 * 1024
const maxDepth = 4

/**
 * The /etc/containers for the pulls of a new deployment. Registries, policy and certificates come from the
 * deployment. Everything else, like storage.conf, comes from the host, because the pulls fill the store of
 * the host.
 *
 * @param copies counts the bytes to copy
 * @returns undefined if /etc/containers of the host has the same configuration, or does not exist
 * @throws Error if a file cannot be read
 */
export function readContainersConfiguration(
  files: DeploymentFiles,
  hostRoot: string,
  copies = copyBudget(),
): readonly ConfigurationFile[] | undefined {
  const host = new DeploymentFiles(hostRoot)
  if (host.find(directory, 'directory') === undefined) return undefined
  const next = pullConfiguration.flatMap(name => readTree(files, name, copies))
  const compared = copyBudget()
  const current = pullConfiguration.flatMap(name => readTree(host, name, compared))
  if (isSame(next, current)) return undefined
  const others = host
    .names(directory)
    .map(String)
    // Quadlet files of the host can have any size, and no pull reads them.
    .filter(name => !pullConfiguration.includes(name) && name !== 'systemd')
    .flatMap(name => readTree(host, name, copies))
  return [...next, ...others]
}

function readTree(
  files: DeploymentFiles,
  start: string,
  copies: ByteBudget,
): readonly ConfigurationFile[] {
  const found: ConfigurationFile[] = []
  let entries = 0
  const visit = (path: string, depth: number): void => {
    const absolute = `${directory}/${path}`
    entries += 1
    if (entries > maxEntries)
      throw new Refusal(
        `${directory}/${start} has more than ${maxEntries} entries, including those behind links`,
        'remove files that podman does not read',
      )
    const stat = files.follow(absolute)?.stat
    // podman ignores a dangling link.
    if (stat === undefined) return
    if (stat.isDirectory()) {
      if (depth > maxDepth) throw new Error(`${absolute} is nested too deeply`)
      for (const name of files.names(absolute)) visit(`${path}/${name.toString()}`, depth + 1)
    } else {
      copies.take(stat.size, `${directory}/${start}`)
      found.push({ path, contents: read(files, absolute) })
    }
  }
  visit(start, 1)
  return found
}

function read(files: DeploymentFiles, path: string): Buffer {
  try {
    return files.read(path, maxFileBytes)
  } catch (error) {
    throw new Error(`reading ${path}`, { cause: error })
  }
}

function isSame(a: readonly ConfigurationFile[], b: readonly ConfigurationFile[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ path, contents }, index) => {
      const other = b[index]
      return other?.path === path && other.contents.equals(contents)
    })
  )
}
