import type { DeploymentFiles } from './deployment-files.ts'

/** dpkg-query(1) */
const dpkgStatus = '/var/lib/dpkg/status'

/** Several times that of a desktop. */
const maxBytes = 64 * 1024 * 1024

/**
 * The version of podman in a root, from the package database. Undefined if there is none that can be read: that of rpm is
 * SQLite or Berkeley DB.
 */
export function podmanPackageVersion(files: DeploymentFiles): string | undefined {
  try {
    const text = files.read(dpkgStatus, maxBytes).toString()
    const [paragraph = ''] = /^Package: podman\n(?:.+\n)*/mu.exec(text) ?? []
    const isInstalled = /^Status: \S+ \S+ installed$/mu.test(paragraph)
    // deb-version(7): an epoch may stand before it.
    return isInstalled ? /^Version: (?:\d+:)?(\S+)$/mu.exec(paragraph)?.[1] : undefined
  } catch {
    return undefined
  }
}
