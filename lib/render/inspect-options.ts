import { hostPlatform, type Platform } from '../plan/manifest.ts'
import type { PullOption } from '../spec/pull-options.ts'

/** Those that tell about the platform; podman's --platform is all of them in one. */
const parts = ['os', 'arch', 'variant'] as const

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

/** The platform that an image is wanted for; that of this machine unless the options say otherwise. */
export function wantedPlatform(options: readonly PullOption[]): Platform {
  const wanted = platformParts(options)
  return {
    os: wanted.get('os') ?? hostPlatform.os,
    architecture: wanted.get('arch') ?? hostPlatform.architecture,
    variant: wanted.get('variant'),
  }
}

/** What the options say, the last one of several (podman: cmd/podman/images/pull.go, imagePull). */
function platformParts(options: readonly PullOption[]): ReadonlyMap<string, string> {
  return new Map(
    options.flatMap(option => {
      if (option.flag === '--platform')
        return optionValue(option)
          .split('/')
          .flatMap((value, index) =>
            parts.slice(index, index + 1).map(part => [part, value] as const),
          )
      return parts
        .filter(part => option.flag === `--${part}`)
        .map(part => [part, optionValue(option)] as const)
    }),
  )
}

/** The value in `--flag=value` or `--flag value`. */
export function optionValue({ words: [first = '', second] }: PullOption): string {
  return second ?? first.replace(/^[^=]*=/u, '')
}

/** Whether an image is in a registry, and not in a file of this machine. */
export function isInRegistry(image: string): boolean {
  return !/^[a-z-]+:\//u.test(image)
}
