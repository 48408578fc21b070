/** The kinds of Quadlet files that bring images; each is the ending of the file's name. */
export type QuadletKind = 'image' | 'container' | 'kube'

/** The section that Quadlet reads in a file of each kind. */
export const sectionOf = { image: 'Image', container: 'Container', kube: 'Kube' } as const

/**
 * The keys of each section (podman: pkg/systemd/quadlet/quadlet.go, up to 5.8). Quadlet ignores a file
 * with any other key.
 */
export const knownKeys: Readonly<Record<QuadletKind | 'quadlet', ReadonlySet<string>>> = {
  quadlet: new Set(['DefaultDependencies']),
  image: keys(`
    AllTags Arch AuthFile CertDir ContainersConfModule Creds DecryptionKey GlobalArgs Image ImageTag OS
    PodmanArgs Policy Retry RetryDelay ServiceName TLSVerify Variant`),
  container: keys(`
    AddCapability AddDevice AddHost Annotation AppArmor AutoUpdate CgroupsMode ContainerName
    ContainersConfModule DNS DNSOption DNSSearch DropCapability Entrypoint Environment EnvironmentFile
    EnvironmentHost Exec ExposeHostPort GIDMap GlobalArgs Group GroupAdd HealthCmd HealthInterval
    HealthLogDestination HealthMaxLogCount HealthMaxLogSize HealthOnFailure HealthRetries
    HealthStartPeriod HealthStartupCmd HealthStartupInterval HealthStartupRetries HealthStartupSuccess
    HealthStartupTimeout HealthTimeout HostName HttpProxy IP IP6 Image ImageVolume Label LogDriver LogOpt
    Mask Memory Mount Network NetworkAlias NoNewPrivileges Notify PidsLimit Pod PodmanArgs PublishPort Pull
    ReadOnly ReadOnlyTmpfs ReloadCmd ReloadSignal RemapGid RemapUid RemapUidSize RemapUsers Retry
    RetryDelay Rootfs RunInit SeccompProfile Secret SecurityLabelDisable SecurityLabelFileType
    SecurityLabelLevel SecurityLabelNested SecurityLabelType ServiceName ShmSize StartWithPod StopSignal
    StopTimeout SubGIDMap SubUIDMap Sysctl Timezone Tmpfs UIDMap Ulimit Umask Unmask User UserNS
    VolatileTmp Volume WorkingDir`),
  kube: keys(`
    AutoUpdate ConfigMap ContainersConfModule ExitCodePropagation GlobalArgs KubeDownForce LogDriver LogOpt
    Network PodmanArgs PublishPort RemapGid RemapUid RemapUidSize RemapUsers ServiceName
    SetWorkingDirectory UserNS Yaml`),
}

function keys(names: string): ReadonlySet<string> {
  return new Set(names.trim().split(/\s+/u))
}
