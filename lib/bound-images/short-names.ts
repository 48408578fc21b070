import { ByteBudget } from '../root/byte-budget.ts'
import { configurationPaths } from '../root/configuration-paths.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { readToml, tableIn } from '../root/read-toml.ts'
import { Refusal } from '../text/fault.ts'
import { parseImageReference, type ImageReference } from './image-reference.ts'

/** How registries.conf of a deployment resolves names without a registry. */
export interface ShortNames {
  /** Short name -> full name. */
  readonly aliases: ReadonlyMap<string, string>
  readonly searchRegistries: readonly string[]
}

/** Parsed TOML takes twenty times the memory. The aliases that distributions ship have 30 kB. */
const maxConfigurationBytes = 4 * 1024 * 1024

/**
 * Reads containers-registries.conf(5) of a deployment as podman does (containers/image: pkg/sysregistriesv2):
 * the main file, then registries.conf.d in order, then the recorded answers of an administrator, which take
 * precedence.
 *
 * @throws Error naming the file that cannot be read
 */
export function readShortNames(files: DeploymentFiles): ShortNames {
  const paths = [
    ...configurationPaths(files, 'registries.conf'),
    '/var/cache/containers/short-name-aliases.conf',
  ]
  const aliases = new Map<string, string>()
  let searchRegistries: readonly string[] = []
  const budget = new ByteBudget('files of registries.conf', maxConfigurationBytes)
  for (const path of paths) {
    budget.take(files.follow(path)?.stat.size ?? 0)
    const table = readToml(files, path)
    for (const [name, value] of Object.entries(tableIn(table, 'aliases')))
      // An empty value removes an alias.
      if (value === '') aliases.delete(name)
      else if (typeof value === 'string') aliases.set(name, value)
    const search =
      table['unqualified-search-registries'] ??
      tableIn(tableIn(table, 'registries'), 'search')['registries']
    if (Array.isArray(search))
      searchRegistries = search.filter(registry => typeof registry === 'string')
  }
  return { aliases, searchRegistries }
}

/**
 * Resolves a name without a registry as podman does (containers/image: pkg/shortnames/shortnames.go,
 * Resolve). If podman would query several registries, the image is ambiguous, so this refuses the name.
 *
 * @throws Refusal
 */
export function resolveShortName(
  short: ImageReference,
  { aliases, searchRegistries }: ShortNames,
): ImageReference {
  const remedy = 'write the name with its registry'
  const alias = aliases.get(short.path)
  if (alias !== undefined) {
    const { domain, path } = parseImageReference(alias)
    if (domain === undefined)
      throw new Refusal(`the alias of ${short.path} in registries.conf has no registry`, remedy)
    return { ...short, domain, path }
  }
  const [registry, ...others] = searchRegistries
  if (registry === undefined)
    throw new Refusal(
      `registries.conf of the root has neither an alias nor a search registry for the short name ${short.path}`,
      remedy,
    )
  if (others.length > 0)
    throw new Refusal(
      `the short name ${short.path} is ambiguous: registries.conf of the root names ${searchRegistries.join(', ')}`,
      remedy,
    )
  return { ...short, ...namedBy(registry, short.path) }
}

function namedBy(registry: string, path: string): Pick<ImageReference, 'domain' | 'path'> {
  const full = parseImageReference(`${registry}/${path}`)
  if (full.domain === undefined)
    throw new Refusal(`registries.conf of the root names ${registry}, which is not a registry`)
  return { domain: full.domain, path: full.path }
}
