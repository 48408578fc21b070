import type { ByteBudget } from '../root/byte-budget.ts'
import type { Login } from './logins.ts'
import type { OptionContext } from './read-value.ts'
import type { ShortNames } from './short-names.ts'
import type { Specifiers } from '../quadlet/specifiers.ts'

/** What the parsing of a spec depends on. */
export interface SpecContext extends OptionContext {
  readonly specifiers: Specifiers
  /** Reads registries.conf of the deployment. Only short names need it. */
  readonly shortNames: () => ShortNames
  /** Finds the credentials files for specs without their own. */
  readonly logins: () => readonly Login[]
  /** Counts the bytes of Kubernetes YAML. */
  readonly yaml: ByteBudget
  /** The images of the Kubernetes YAML files that were read, by path. */
  readonly podImages: Map<string, readonly string[]>
  /** Path of the spec in the deployment. */
  readonly specFile: string
}
