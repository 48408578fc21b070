import type { PullOption } from './pull-options.ts'

/** Where an image runs. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** Of the architecture; undefined for any. */
  readonly variant?: string | undefined
}

/** How Go, and so every image, calls what Node calls differently. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
}

/** What images call an architecture that Node calls so. */
export function imageArchitecture(arch: string): string {
  return architectures[arch] ?? arch
}

/** The platform of this machine, whose processor chooses the variant. */
export const hostPlatform: Platform = {
  os: 'linux',
  architecture: imageArchitecture(process.arch),
}

/** Those that tell about the platform; podman's --platform is all of them in one. */
const parts = ['os', 'arch', 'variant'] as const

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
export function platformParts(options: readonly PullOption[]): ReadonlyMap<string, string> {
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
