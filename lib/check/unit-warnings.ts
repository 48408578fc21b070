import { basename, dirname, join } from 'node:path'
import { composefs } from '../backend/composefs.ts'
import { ostree } from '../backend/ostree.ts'
import { isMask } from '../quadlet/read-unit-file.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { Finding } from './finding.ts'

/** Directories of systemd where an OS image can mask a unit. */
const directories = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
]

/** See `Backend`. An image may be for either of them. */
const finalizations = [ostree, composefs].map(({ finalization }) => finalization)

/** What must be there so that an update passes: nothing else reports it if it is masked. */
const needed = [
  'bootc-bound-images-gate.service',
  'bootc-bound-images-guard.service',
  ...finalizations.map(service => `${service}.d/50-bootc-bound-images.conf`),
]

/** Version 0.1.0 had the gate in it. It hides the `ExecStop=` lines of other software. */
const oldDropIn = `${ostree.finalization}.d/zz-bootc-bound-images.conf`

/** Warnings about units in the image that keep every update from being applied, or hide lines of other software. */
export function unitWarnings(files: DeploymentFiles): readonly Finding[] {
  return directories.flatMap(directory => [
    ...needed
      .map(name => join(directory, name))
      .filter(path => isThere(files, path) && isMask(files, path))
      .map(path =>
        warning(
          path,
          `it masks ${basename(path)}`,
          'remove it: without that, no update is applied or held back',
        ),
      ),
    ...[join(directory, oldDropIn)]
      .filter(path => isThere(files, path))
      .map(path =>
        warning(
          path,
          `it is of version 0.1.0, and hides ExecStop= lines of other software in ${ostree.finalization}`,
          'remove it',
        ),
      ),
  ])
}

function isThere(files: DeploymentFiles, path: string): boolean {
  return files.names(dirname(path)).some(name => name.equals(Buffer.from(basename(path))))
}

function warning(path: string, reason: string, remedy: string): Finding {
  return { severity: 'warning', entry: path.slice(1), reason, remedy }
}
