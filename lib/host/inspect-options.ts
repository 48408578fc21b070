import { platformParts } from '../bound-images/platform.ts'
import type { PullOption } from '../bound-images/pull-options.ts'
import { pullFlags } from '../bound-images/section-keys.ts'

/** Options with which `skopeo inspect` sees the same image as a pull. */
export interface InspectOptions {
  readonly globalOptions: readonly string[]
  readonly options: readonly string[]
}

/** Turns the options of a pull into those of skopeo. Options that skopeo lacks do not change its answer. */
export function inspectOptions(options: readonly PullOption[]): InspectOptions {
  return {
    globalOptions: [...platformParts(options)].map(
      ([part, value]) => `--override-${part}=${value}`,
    ),
    options: options.flatMap(({ flag, words }) => (pullFlags.get(flag)?.skopeo ? words : [])),
  }
}
