import { readFileSync, readlinkSync } from 'node:fs'
import { unlessMissing } from '../unless-missing.ts'
import type { DeploymentFiles } from './deployment-files.ts'
import { readToml, tableIn, valueIn } from './read-toml.ts'

/** Where the podman of a root keeps and looks for images, as its storage.conf says. */
export interface StorageConfiguration {
  readonly graphRoot: string
  /** Where it keeps images, if not in `graphRoot`. */
  readonly imageStore: string | undefined
  /** Stores that it only reads. */
  readonly additionalStores: readonly string[]
}

/** The first that exists is read. */
const mainFiles = ['/etc/containers/storage.conf', '/usr/share/containers/storage.conf'] as const

/** Of two drop-ins with the same name, the one in the earlier directory counts. */
const dropInDirectories = [
  '/etc/containers/storage.conf.d',
  '/etc/containers/storage.rootful.conf.d',
  '/usr/share/containers/storage.conf.d',
  '/usr/share/containers/storage.rootful.conf.d',
] as const

export const defaultGraphRoot = '/var/lib/containers/storage'

const maxDropIns = 1000

/**
 * Reads containers-storage.conf(5) of a root as its podman does: the main file, then the drop-ins in the order of their
 * names (container-libs: storage/types/options.go, storage/pkg/configfile).
 *
 * @throws Error naming the file that cannot be read
 */
export function readStorageConfiguration(files: DeploymentFiles): StorageConfiguration {
  const main = mainFiles.find(path => files.follow(path) !== undefined || isEmpty(files, path))
  let graphRoot = defaultGraphRoot
  let imageStore: string | undefined
  let additionalStores: readonly string[] = []
  let appends = false
  for (const path of [...(main === undefined ? [] : [main]), ...dropIns(files)]) {
    // Behind a link to /dev/null is nothing.
    if (files.find(path, 'file') === undefined) continue
    const storage = tableIn(readToml(files, path), 'storage')
    const stores = valueIn(tableIn(storage, 'options'), 'additionalimagestores')
    graphRoot = readPath(valueIn(storage, 'graphroot')) ?? graphRoot
    imageStore = readPath(valueIn(storage, 'imagestore')) ?? imageStore
    if (!Array.isArray(stores)) continue
    appends = stores.map(appendOf).findLast(append => append !== undefined) ?? appends
    additionalStores = [
      ...(appends ? additionalStores : []),
      ...stores.flatMap(store => readPath(store) ?? []),
    ]
  }
  return { graphRoot, imageStore, additionalStores }
}

function isEmpty(files: DeploymentFiles, path: string): boolean {
  const found = files.look(path)
  return found?.stat.isSymbolicLink() === true && readlinkSync(found.location) === '/dev/null'
}

function dropIns(files: DeploymentFiles): readonly string[] {
  const found = new Map<string, string>()
  for (const directory of dropInDirectories)
    for (const name of files.names(directory).map(String))
      if (name.endsWith('.conf') && !found.has(name)) found.set(name, `${directory}/${name}`)
  if (found.size === 0 || !readsDropIns(files)) return []
  if (found.size > maxDropIns) throw new Error(`storage.conf has more than ${maxDropIns} drop-ins`)
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)
}

/**
 * Whether the podman of a root reads drop-ins of storage.conf. Asks the program for the name of the code that does,
 * because distributions change that without a new version: podman 5.8 of Debian reads them. A root without podman
 * counts as one with a new podman.
 */
function readsDropIns(files: DeploymentFiles): boolean {
  const program = files.find('/usr/bin/podman', 'file')
  const code = program && unlessMissing(() => readFileSync(program))
  return code === undefined || code.includes('/storage/pkg/configfile.')
}

/** Normalizes a path. Other values count as not set. */
function readPath(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('/')
    ? value.replaceAll(/\/(?:\.?\/)+/gu, '/').replace(/(.)\/$/u, '$1')
    : undefined
}

/** `{append=true}` in a list adds it, and those of later files, to that of earlier files. Undefined for an item. */
function appendOf(value: unknown): boolean | undefined {
  return typeof value === 'object' && value !== null && 'append' in value
    ? value.append === true
    : undefined
}
