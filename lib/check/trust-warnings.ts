import type { BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { isInRegistry } from '../bound-images/platform.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import { findRegistry, readRegistries, type Registry } from '../root/registries.ts'
import { placeOf, type Finding } from './finding.ts'

/** Where an OS image adds CAs (update-ca-trust(8), update-ca-certificates(8)). Empty unless somebody has. */
const anchorDirectories = [
  '/etc/pki/ca-trust/source/anchors',
  '/usr/share/pki/ca-trust-source/anchors',
  '/usr/local/share/ca-certificates',
]

/** Where podman finds the CA of a registry (containers-certs.d(5)). */
const certificateDirectories = [
  '/etc/containers/certs.d',
  '/etc/docker/certs.d',
  '/usr/share/containers/certs.d',
]

/** Registries that no private CA vouches for. */
const publicRegistries =
  /^(?:docker\.io|ghcr\.io|quay\.io|registry\.k8s\.io|public\.ecr\.aws|mcr\.microsoft\.com|registry\.redhat\.io|registry\.access\.redhat\.com|registry\.fedoraproject\.org|registry\.gitlab\.com|(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/u

/**
 * Warnings about CAs that only the new OS trusts. The pull of an update runs on the OS before it, with the CAs of that one
 * and with `CertDir=` and certs.d of the new OS.
 */
export function trustWarnings(
  files: DeploymentFiles,
  specs: readonly BoundImageSpec[],
): readonly Finding[] {
  const anchors = anchorDirectories.find(path => namesIn(files, path).length > 0)
  const verified = specs.filter(spec => isVerified(spec.boundImage.options))
  const registries = registriesOf(files)
  const seen = new Set<string>()
  return verified.flatMap((spec): readonly Finding[] => {
    const { image } = spec.boundImage
    const host = image.slice(0, image.indexOf('/'))
    if (!isInRegistry(image) || seen.has(host)) return []
    seen.add(host)
    if (findRegistry(registries, image)?.isInsecure === true) return []
    const { isThere, missing } = certificatesFor(files, host)
    if (missing !== undefined)
      return [
        warning(
          spec,
          `${missing} leads to a file that is not in the OS image, and podman ignores it`,
          'add the file, or make sure that every host has it before an update is staged',
        ),
      ]
    if (isThere || anchors === undefined || publicRegistries.test(host)) return []
    return [
      warning(
        spec,
        `the OS adds CAs in ${anchors}, but an update is pulled by the OS before it, which may not trust the CA of ${host} yet`,
        `if the registry needs such a CA, put it into /etc/containers/certs.d/${host}, or name its directory in CertDir=`,
      ),
    ]
  })
}

function isVerified(options: BoundImageSpec['boundImage']['options']): boolean {
  return !options.some(
    ({ flag, words }) => flag === '--cert-dir' || words.join('=') === '--tls-verify=false',
  )
}

/** The CAs of a registry, and a link to one that leads nowhere. */
function certificatesFor(files: DeploymentFiles, host: string) {
  const paths = certificateDirectories.flatMap(directory =>
    namesIn(files, `${directory}/${host}`)
      .filter(name => name.endsWith('.crt'))
      .map(name => `${directory}/${host}/${name}`),
  )
  const missing = paths.find(path => files.follow(path) === undefined)
  return { isThere: paths.length > 0, missing }
}

function registriesOf(files: DeploymentFiles): readonly Registry[] {
  try {
    return readRegistries(files).registries
  } catch {
    return [] // registriesFindings reports it
  }
}

/** Leaves out notes about the directory. */
function namesIn(files: DeploymentFiles, path: string): readonly string[] {
  try {
    return files
      .names(path)
      .map(String)
      .filter(name => !/^(?:\.|README)/u.test(name))
  } catch {
    return []
  }
}

function warning(spec: BoundImageSpec, reason: string, remedy: string): Finding {
  return { severity: 'warning', ...placeOf(spec), reason, remedy }
}
