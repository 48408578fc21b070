import type { PullOption } from '../spec/pull-options.ts'

/** skopeo's names of the options of a pull; the others do not change its answer. */
const globalFlags: Readonly<Record<string, string>> = {
  '--arch': '--override-arch',
  '--os': '--override-os',
  '--variant': '--override-variant',
}
const flags: ReadonlySet<string> = new Set(['--authfile', '--cert-dir', '--tls-verify'])

/** What makes `skopeo inspect` see an image as a pull would. */
export interface InspectOptions {
  readonly globalOptions: readonly string[]
  readonly options: readonly string[]
}

/** Turns the options of a pull into those of skopeo. */
export function inspectOptions(options: readonly PullOption[]): InspectOptions {
  return {
    globalOptions: options.flatMap(option => {
      const flag = globalFlags[option.flag]
      return flag === undefined ? [] : [`${flag}=${optionValue(option)}`]
    }),
    options: options.filter(({ flag }) => flags.has(flag)).flatMap(option => option.words),
  }
}

/** The value in `--flag=value` or `--flag value`. */
export function optionValue({ words: [first = '', second] }: PullOption): string {
  return second ?? first.replace(/^[^=]*=/u, '')
}

/** Whether an image is in a registry, and not in a file of this machine. */
export function isInRegistry(image: string): boolean {
  return !/^[a-z-]+:\//u.test(image)
}
