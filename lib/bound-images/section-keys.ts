import type { QuadletKind } from '../quadlet/quadlet-kind.ts'
import * as value from './read-value.ts'

/** An option of `podman image pull` (podman: cmd/podman/images/pull.go). */
export interface PullFlag {
  readonly flag: string
  /** The option that replaces it on the command line. */
  readonly as?: string
  /** Reads the value. A switch accepts a value only after `=`. */
  readonly read: value.ReadValue | 'switch'
  /** Whether the option does not affect what is stored on disk. */
  readonly isIrrelevant?: boolean
  /** The first podman version with the option, if the oldest supported version lacks it. */
  readonly since?: readonly [major: number, minor: number]
  /** Whether skopeo has the option under the same name. Its platform options have other names. */
  readonly skopeo: boolean
}

/**
 * What a key is for: an option of the pull, an input of the parser, other images that must be on disk, or nothing that
 * affects the pull.
 */
export type KeyUse = PullFlag | 'parsed' | 'closure' | 'ignored'

type Keys<Use extends KeyUse = KeyUse> = Readonly<Record<string, Use>>

const parsed = keysOf('parsed')
const closure = keysOf('closure')
const ignored = keysOf('ignored')

/**
 * In the order of the command line (podman: pkg/systemd/quadlet/quadlet.go, ConvertImage). No key is ignored.
 */
const image = {
  ...parsed('ContainersConfModule GlobalArgs Image ImageTag PodmanArgs ServiceName'),
  Arch: { flag: '--arch', read: value.platformPart, skopeo: false },
  AuthFile: { flag: '--authfile', read: value.authFile, skopeo: true },
  CertDir: { flag: '--cert-dir', read: value.certificates, skopeo: true },
  Creds: { flag: '--creds', as: '--authfile', read: value.credentials, skopeo: true },
  DecryptionKey: { flag: '--decryption-key', read: value.decryptionKey, skopeo: false },
  OS: { flag: '--os', read: value.platformPart, skopeo: false },
  Policy: { flag: '--policy', read: value.policy, since: [5, 6], skopeo: false },
  Retry: { flag: '--retry', read: value.retries, skopeo: false },
  RetryDelay: { flag: '--retry-delay', read: value.duration, skopeo: false },
  Variant: { flag: '--variant', read: value.platformPart, skopeo: false },
  AllTags: { flag: '--all-tags', read: 'switch', isIrrelevant: true, skopeo: false },
  TLSVerify: { flag: '--tls-verify', read: 'switch', skopeo: true },
} satisfies Keys

/**
 * The keys of each section (podman: pkg/systemd/quadlet/quadlet.go, up to 5.8). Quadlet ignores a file
 * with any other key.
 */
export const sectionKeys: Readonly<Record<QuadletKind | 'quadlet', Keys>> = {
  // ConvertArtifact, since podman 5.7.
  artifact: {
    ...parsed('Artifact ContainersConfModule GlobalArgs PodmanArgs ServiceName'),
    AuthFile: image.AuthFile,
    CertDir: image.CertDir,
    Creds: image.Creds,
    DecryptionKey: image.DecryptionKey,
    Retry: image.Retry,
    RetryDelay: image.RetryDelay,
    TLSVerify: image.TLSVerify,
    ...ignored('Quiet'),
  },
  image,
  container: {
    ...parsed('ContainersConfModule GlobalArgs Image PodmanArgs Rootfs ServiceName'),
    ...closure('Mount Pod Volume'),
    Retry: image.Retry,
    RetryDelay: image.RetryDelay,
    ...ignored(`
      AddCapability AddDevice AddHost Annotation AppArmor AutoUpdate CgroupsMode ContainerName DNS DNSOption
      DNSSearch DropCapability Entrypoint Environment EnvironmentFile EnvironmentHost Exec ExposeHostPort GIDMap
      Group GroupAdd HealthCmd HealthInterval HealthLogDestination HealthMaxLogCount HealthMaxLogSize
      HealthOnFailure HealthRetries HealthStartPeriod HealthStartupCmd HealthStartupInterval
      HealthStartupRetries HealthStartupSuccess HealthStartupTimeout HealthTimeout HostName HttpProxy IP IP6
      ImageVolume Label LogDriver LogOpt Mask Memory Network NetworkAlias NoNewPrivileges Notify PidsLimit
      PublishPort Pull ReadOnly ReadOnlyTmpfs ReloadCmd ReloadSignal RemapGid RemapUid RemapUidSize
      RemapUsers RunInit SeccompProfile Secret SecurityLabelDisable SecurityLabelFileType SecurityLabelLevel
      SecurityLabelNested SecurityLabelType ShmSize StartWithPod StopSignal StopTimeout SubGIDMap SubUIDMap
      Sysctl Timezone Tmpfs UIDMap Ulimit Umask Unmask User UserNS VolatileTmp WorkingDir`),
  },
  kube: {
    ...parsed('ContainersConfModule GlobalArgs PodmanArgs ServiceName Yaml'),
    ...ignored(`
      AutoUpdate ConfigMap ExitCodePropagation KubeDownForce LogDriver LogOpt Network PublishPort
      RemapGid RemapUid RemapUidSize RemapUsers SetWorkingDirectory UserNS`),
  },
  pod: {
    ...parsed('ServiceName'),
    ...closure('PodmanArgs Volume'),
    ...ignored(`
      AddHost ContainersConfModule DNS DNSOption DNSSearch ExitPolicy GIDMap GlobalArgs HostName IP IP6 Label
      Network NetworkAlias PodName PublishPort RemapGid RemapUid RemapUidSize RemapUsers ShmSize StopTimeout
      SubGIDMap SubUIDMap UIDMap UserNS`),
  },
  volume: {
    ...parsed('ServiceName'),
    ...closure('Driver Image'),
    ...ignored(`
      ContainersConfModule Copy Device GID GlobalArgs Group Label Options PodmanArgs Type UID User VolumeName`),
  },
  quadlet: ignored('DefaultDependencies'),
}

/** Whether a section of a file that runs or pulls an image, or [Quadlet], has the key. */
export function isKey(key: string): boolean {
  const { image: ofImage, artifact, container, kube, quadlet } = sectionKeys
  return [ofImage, artifact, container, kube, quadlet].some(keys => Object.hasOwn(keys, key))
}

const flags: readonly PullFlag[] = [
  ...Object.values<KeyUse>(image).filter(use => typeof use === 'object'),
  // Only PodmanArgs= can contain these.
  { flag: '--platform', read: value.platformPart, skopeo: false },
  { flag: '--disable-content-trust', read: 'switch', isIrrelevant: true, skopeo: false },
  { flag: '--quiet', read: 'switch', isIrrelevant: true, skopeo: false },
  { flag: '-q', read: 'switch', isIrrelevant: true, skopeo: false },
]

/** The options of `podman image pull`, by flag. */
export const pullFlags: ReadonlyMap<string, PullFlag> = new Map(flags.map(use => [use.flag, use]))

function keysOf<Use extends KeyUse>(use: Use): (names: string) => Keys<Use> {
  return names => Object.fromEntries(Array.from(names.matchAll(/\w+/gu), ([key]) => [key, use]))
}
