import { Refusal } from '../text/fault.ts'
import { type ByteBudget, copyBudget } from './byte-budget.ts'
import { DeploymentFiles } from './deployment-files.ts'
import { hasPodman6 } from './has-podman-6.ts'

/** A file as data. */
export interface ConfigurationFile {
  /** Path below /etc/containers. */
  readonly path: string
  readonly contents: Buffer
}

const adminDirectory = '/etc/containers'
/** Where podman 6 looks too, for what is not in `adminDirectory`. */
const vendorDirectory = '/usr/share/containers'

/** What decides whether and from where an image may be pulled (containers-registries.conf(5) and others). */
const pullConfiguration = [
  'certs.d',
  'policy.json',
  'registries.conf',
  'registries.conf.d',
  'registries.d',
]

/** Those that only root's podman 6 reads. They count before the others of their directory. */
const rootfulConfiguration = [
  'certs.rootful.d',
  'registries.rootful.conf.d',
  'registries.rootful.d',
]

/** Those directories of the running OS that podman 6 reads beside /etc/containers. */
export const vendorDirectories = [...pullConfiguration, ...rootfulConfiguration]
  .filter(name => name.endsWith('.d'))
  .map(name => `${vendorDirectory}/${name}`)

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
 * @throws Error if a file cannot be read, Refusal if there is nothing to pull with
 */
export function readContainersConfiguration(
  files: DeploymentFiles,
  hostRoot: string,
  copies = copyBudget(),
): readonly ConfigurationFile[] | undefined {
  const host = new DeploymentFiles(hostRoot)
  if (host.find(adminDirectory, 'directory') === undefined) return undefined
  const next = readPullConfiguration(files, copies)
  const current = readPullConfiguration(host, copyBudget())
  if (isSame(next, current)) return undefined
  if (!next.some(({ path }) => path === 'policy.json'))
    throw new Refusal(
      `the new root has no policy.json in ${adminDirectory} or ${vendorDirectory}: podman refuses every pull`,
      'add it; see containers-policy.json(5)',
    )
  // podman 6 would fall back to that of the running OS.
  const isCovered = next.some(({ path }) => path === 'registries.conf')
  const isHidden = isCovered || host.follow(`${vendorDirectory}/registries.conf`) === undefined
  const empty = isHidden ? [] : [{ path: 'registries.conf', contents: Buffer.alloc(0) }]
  const others = host
    .names(adminDirectory)
    .map(String)
    // Quadlet files of the host can have any size, and no pull reads them.
    .filter(name => ![...pullConfiguration, ...rootfulConfiguration, 'systemd'].includes(name))
    .flatMap(name => readTree(host, adminDirectory, name, copies))
  return [...next, ...empty, ...others]
}

/** What decides about pulls, as if all of it were in /etc/containers. */
function readPullConfiguration(
  files: DeploymentFiles,
  copies: ByteBudget,
): readonly ConfigurationFile[] {
  if (!hasPodman6(files))
    return pullConfiguration.flatMap(name => readTree(files, adminDirectory, name, copies))
  const found = new Map<string, ConfigurationFile>()
  for (const where of [vendorDirectory, adminDirectory])
    for (const name of [...pullConfiguration, ...rootfulConfiguration])
      for (const file of readTree(files, where, name, copies)) {
        const path = file.path.replace(/^(certs|registries)\.rootful\./u, '$1.')
        found.set(path, { ...file, path })
      }
  return [...found.values()]
}

function readTree(
  files: DeploymentFiles,
  directory: string,
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
