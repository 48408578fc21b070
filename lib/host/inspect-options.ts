import { platformParts } from '../bound-images/platform.ts'
import type { PullOption } from '../bound-images/pull-options.ts'

/** Options of a pull that skopeo has too; the others do not change its answer. */
const flags: ReadonlySet<string> = new Set(['--authfile', '--cert-dir', '--tls-verify'])

/** What makes `skopeo inspect` see an image as a pull would. */
export interface InspectOptions {
  readonly globalOptions: readonly string[]
  readonly options: readonly string[]
}

/** Turns the options of a pull into those of skopeo. */
export function inspectOptions(options: readonly PullOption[]): InspectOptions {
  return {
    globalOptions: [...platformParts(options)].map(
      ([part, value]) => `--override-${part}=${value}`,
    ),
    options: options.filter(({ flag }) => flags.has(flag)).flatMap(option => option.words),
  }
}
