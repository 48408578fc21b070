import { Refusal } from '../text/fault.ts'
import { type ByteBudget, copyBudget } from './byte-budget.ts'
import { DeploymentFiles } from './deployment-files.ts'

/** A file as data. */
export interface ConfigurationFile {
  /** Below /etc/containers. */
  readonly path: string
  readonly contents: Buffer
}

const directory = '/etc/containers'

/** What says from where, and whether, an image may be pulled (containers-registries.conf(5) and others). */
const pullConfiguration = [
  'certs.d',
  'policy.json',
  'registries.conf',
  'registries.conf.d',
  'registries.d',
]

/** Files and directories of a tree, each as often as links lead to it. */
const mostEntries = 2000
const mostBytesOfFile = 1024 * 1024
const deepest = 4

/**
 * The /etc/containers that a new deployment's pulls must see: its own configuration of registries,
 * policy and certificates, and all else, like storage.conf, of the host, whose store they fill.
 *
 * @param copies counts what will be copied
 * @returns undefined when the host's own directory says the same, or does not exist
 * @throws Error for a file that cannot be read
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
    .filter(name => !pullConfiguration.includes(name))
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
    if (entries > mostEntries)
      throw new Refusal(
        `${directory}/${start} has more than ${mostEntries} entries, with what its links lead to`,
        'leave only what podman reads in it',
      )
    const stat = files.follow(absolute)?.stat
    // podman does not mind a link that leads nowhere.
    if (stat === undefined) return
    if (stat.isDirectory()) {
      if (depth > deepest) throw new Error(`${absolute} is nested too deeply`)
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
    return files.read(path, mostBytesOfFile)
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
