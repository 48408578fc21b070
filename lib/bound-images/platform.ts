import type { PullOption } from './pull-options.ts'

/** The platform of an image. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** Variant of the architecture. Undefined for any. */
  readonly variant?: string | undefined
}

/** Architectures whose name in Go, and so in every image, differs from that in Node. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
}

/** The name that images use for an architecture of Node. */
export function imageArchitecture(arch: string): string {
  return architectures[arch] ?? arch
}

/** The platform of this machine, without a variant, which depends on the processor. */
export const hostPlatform: Platform = {
  os: 'linux',
  architecture: imageArchitecture(process.arch),
}

/** The options for the parts of a platform, in the order of `--platform`. */
const parts = ['os', 'arch', 'variant'] as const

/** Other names of architectures and of their variants (github.com/containerd/platforms: database.go). */
const otherNames = new Map<string, readonly [architecture: string, variant?: string]>([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
])

/**
 * The platform that the options request, by the names that images use. podman takes other names too (libimage:
 * platform.go). The default is that of this machine.
 */
export function wantedPlatform(options: readonly PullOption[]): Platform {
  const wanted = platformParts(options)
  const arch = wanted.get('arch')?.toLowerCase()
  const [architecture, implied] =
    arch === undefined ? [hostPlatform.architecture] : (otherNames.get(arch) ?? [arch])
  return {
    os: wanted.get('os') ?? hostPlatform.os,
    architecture,
    variant: normalizeVariant(architecture, wanted.get('variant') ?? implied),
  }
}

/** The first variant of arm64 is the architecture itself. */
function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  return architecture === 'arm64' && (variant === 'v8' || variant === '8') ? undefined : variant
}

/**
 * The parts of a platform that the options set. The last option counts (podman: cmd/podman/images/pull.go,
 * imagePull).
 */
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

/** Whether an image comes from a registry, not from a file on this machine. */
export function isInRegistry(image: string): boolean {
  return !/^[a-z-]+:\//u.test(image)
}
