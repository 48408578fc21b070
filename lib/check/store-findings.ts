import type { DeploymentFiles } from '../root/deployment-files.ts'
import { defaultGraphRoot, readStorageConfiguration } from '../root/storage-configuration.ts'
import { dedicatedStore } from '../config/settings.ts'
import { toReadDedicated } from '../request/next-store.ts'
import { describeError } from '../text/describe-error.ts'
import { printable } from '../text/printable.ts'
import type { Finding } from './finding.ts'

const entry = 'etc/containers/storage.conf'

/** Findings about the image store of an OS image: staging refuses an update to an OS that keeps images elsewhere. */
export function storeFindings(
  files: DeploymentFiles,
  store: string | undefined,
): readonly Finding[] {
  try {
    const { graphRoot, imageStore, additionalStores } = readStorageConfiguration(files)
    if (store === dedicatedStore && !additionalStores.includes(store)) {
      const reason = `Store=dedicated, but the OS does not read ${store}`
      return [{ severity: 'error', entry, reason, remedy: toReadDedicated }]
    }
    return [graphRoot, imageStore]
      .filter(path => path !== undefined && path !== defaultGraphRoot)
      .map(path => ({
        severity: 'warning',
        entry,
        reason: printable(
          `images are kept in ${path}, and an update from an OS that keeps them elsewhere is refused`,
        ),
        remedy: 'make sure that the running OS of every host has the same setting',
      }))
  } catch (error) {
    const reason = printable(describeError(error))
    return [{ severity: 'error', entry, reason, remedy: 'correct the file' }]
  }
}
