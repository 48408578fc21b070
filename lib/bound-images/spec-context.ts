import type { ByteBudget } from '../root/byte-budget.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { Login } from './logins.ts'
import type { OptionValue } from './pull-options.ts'
import type { ShortNames } from './short-names.ts'
import type { Specifiers } from '../quadlet/specifiers.ts'

/** What the meaning of a spec's text depends on. */
export interface SpecContext {
  readonly files: DeploymentFiles
  readonly specifiers: Specifiers
  /** Reads registries.conf of the deployment, which only short names need. */
  readonly shortNames: () => ShortNames
  /** Reads the credentials that hold for every spec without its own. */
  readonly logins: () => readonly Login[]
  /** Directory for secrets. */
  readonly secrets: string
  /** Counts what is copied. */
  readonly copies: ByteBudget
  /** Counts the Kubernetes YAML that is read. */
  readonly yaml: ByteBudget
  /** The directories of certificates that were looked at already, by their paths. */
  readonly certificates: Map<string, OptionValue>
  /** Path of the spec in the deployment. */
  readonly specFile: string
  /** Tells the secrets of this spec from those of others: instances of a template share a file. */
  readonly owner: string
}
