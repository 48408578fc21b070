import { fields } from '../fields.ts'
import type { Fault } from '../text/fault.ts'
import { ByteBudget } from './byte-budget.ts'
import { configurationPaths } from './configuration-paths.ts'
import type { DeploymentFiles } from './deployment-files.ts'
import { tryToml } from './read-toml.ts'

/** An entry of registries.conf. */
export interface Registry {
  /** Path of the file in the root. */
  readonly file: string
  readonly prefix: string
  /** Where images with the prefix are pulled from. The same as the prefix by default. */
  readonly location: string
  readonly isBlocked: boolean
  readonly isInsecure: boolean
}

export interface Registries {
  readonly registries: readonly Registry[]
  /** With any, podman pulls nothing at all. */
  readonly faults: readonly Fault[]
}

/**
 * Reads what registries.conf and its drop-ins of a root say about registries (containers-registries.conf(5); containers/image:
 * pkg/sysregistriesv2). Of two entries with the same prefix, the later file counts.
 *
 * @throws Error if there is more to read than in any real root
 */
export function readRegistries(files: DeploymentFiles): Registries {
  const budget = new ByteBudget('files of registries.conf')
  const found = new Map<string, Registry>()
  const faults: Fault[] = []
  for (const file of configurationPaths(files, 'registries.conf')) {
    budget.take(Number(files.follow(file)?.stat.size))
    const { table, fault } = tryToml(files, file)
    if (fault !== undefined) faults.push(fault)
    const entries: readonly unknown[] = Array.isArray(table['registry']) ? table['registry'] : []
    for (const entry of entries) {
      const registry = registryIn(entry, file)
      if (registry !== undefined) found.set(registry.prefix, registry)
    }
  }
  return { registries: [...found.values()], faults }
}

function registryIn(entry: unknown, file: string): Registry | undefined {
  const values = fields(entry)
  const location = nameIn(values['location'])
  const name = nameIn(values['prefix']) ?? location
  if (name === undefined) return undefined
  return {
    file,
    prefix: name,
    location: location ?? name,
    isBlocked: values['blocked'] === true,
    isInsecure: values['insecure'] === true,
  }
}

function nameIn(value: unknown): string | undefined {
  const name = typeof value === 'string' ? value.replace(/\/+$/u, '') : ''
  return name === '' ? undefined : name
}

/**
 * The entry that decides about an image: that which matches most of it, and of several the one with the longest prefix.
 *
 * @param image full reference
 */
export function findRegistry(registries: readonly Registry[], image: string): Registry | undefined {
  // podman asks without tag and digest (tried with 5.4 and 6.1).
  const name = image.replace(/@.*$/su, '').replace(/:[^:/]*$/u, '')
  let best: Registry | undefined
  let longest = 0
  for (const registry of registries) {
    const length = matchedLength(name, registry.prefix)
    const isLonger = literal(registry).length > literal(best).length
    if (length > longest || (length > 0 && length === longest && isLonger))
      [best, longest] = [registry, length]
  }
  return best
}

const literal = (registry: Registry | undefined) => registry?.prefix.replace(/^\*/u, '') ?? ''

/** containers/image: pkg/sysregistriesv2, refMatchingSubdomainPrefix and refMatchingPrefix. */
function matchedLength(name: string, prefix: string): number {
  const isWildcard = prefix.startsWith('*.')
  const text = isWildcard ? prefix.slice(1) : prefix
  const start = name.indexOf(text)
  if (start < 0 || (isWildcard ? name.slice(0, start).includes('/') : start > 0)) return 0
  const end = start + text.length
  return end === name.length || ':/@'.includes(name.charAt(end)) ? end : 0
}
