import type { ByteBudget } from '../root/byte-budget.ts'
import type { Login } from './logins.ts'
import type { OptionContext } from './read-value.ts'
import type { ShortNames } from './short-names.ts'
import type { Specifiers } from '../quadlet/specifiers.ts'

/** What the meaning of a spec's text depends on. */
export interface SpecContext extends OptionContext {
  readonly specifiers: Specifiers
  /** Reads registries.conf of the deployment, which only short names need. */
  readonly shortNames: () => ShortNames
  /** Reads the credentials that hold for every spec without its own. */
  readonly logins: () => readonly Login[]
  /** Counts the Kubernetes YAML that is read. */
  readonly yaml: ByteBudget
  /** Path of the spec in the deployment. */
  readonly specFile: string
}
