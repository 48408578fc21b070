import { isMask, maxSpecBytes, readUnitFile } from '../quadlet/read-unit-file.ts'
import { quadletError } from '../quadlet/quadlet-error.ts'
import type { SpecReader } from '../bound-images/spec-reader.ts'
import type { DeploymentFiles } from '../root/deployment-files.ts'
import type { Fault } from '../text/fault.ts'
import { ByteBudget } from '../root/byte-budget.ts'
import { describeError } from '../text/describe-error.ts'
import type { Finding } from './finding.ts'

/** What Quadlet reads (podman: pkg/systemd/quadlet/quadlet.go, IsExtSupported). */
const isRead = /\.(?:artifact|build|container|image|kube|network|pod|volume)$/u

/** So many mistakes are one. */
const maxWarnings = 20

/**
 * Warnings about Quadlet files, also those that no entry names, that keep Quadlet from making services of others. A file that
 * it cannot parse costs all files of its directory (podman 5.4 to 6.1: cmd/quadlet/main.go, loadUnitsFromDir).
 *
 * @param broken paths of files with errors, which have to be corrected anyway
 */
export function neighbourWarnings(
  files: DeploymentFiles,
  reader: SpecReader,
  broken: ReadonlySet<string | undefined>,
): readonly Finding[] {
  const warnings: Finding[] = []
  const budget = new ByteBudget('Quadlet files')
  for (const directory of reader.quadlet.directories)
    for (const name of files.names(directory).map(String)) {
      const path = `${directory}/${name}`
      const isChecked = isRead.test(name) && !broken.has(path)
      const fault = isChecked ? faultOf(files, path, budget) : undefined
      if (fault === undefined) continue
      warnings.push({ severity: 'warning', entry: path.slice(1), file: path, ...fault })
      if (warnings.length === maxWarnings) return warnings
    }
  return [...warnings, ...mountWarnings(files, reader).slice(0, maxWarnings - warnings.length)]
}

const consequence = 'Quadlet makes no service of any file in this directory'

function faultOf(files: DeploymentFiles, path: string, budget: ByteBudget): Fault | undefined {
  if (isMask(files, path)) return undefined
  const found = files.follow(path)
  if (found?.stat.isFile() !== true)
    return {
      reason: `${consequence}: ${found === undefined ? 'this link leads nowhere' : 'this is not a regular file'}`,
      remedy: 'remove it, or link to /dev/null to mask it',
    }
  // Of a larger file, nothing is known.
  if (found.stat.size > maxSpecBytes) return undefined
  try {
    budget.take(found.stat.size)
    const fault = quadletError(files.read(path, maxSpecBytes).toString())
    return (
      fault && {
        ...fault,
        reason: `${consequence}: ${fault.reason}`,
        remedy: 'correct or remove the line',
      }
    )
  } catch (error) {
    return { reason: `not checked: ${describeError(error)}` }
  }
}

/** podman 5.4: pkg/systemd/quadlet/quadlet.go, resolveContainerMountParams and handleStorageSource. */
function mountWarnings(files: DeploymentFiles, reader: SpecReader): readonly Finding[] {
  const containers = [...reader.quadlet.files].filter(([name]) => name.endsWith('.container'))
  return containers.flatMap(([name, path]) => {
    const mounts = mountsOf(files, reader, path, name).filter(({ value }) => needsSource(value))
    return mounts.slice(0, 1).map(({ file, line }): Finding => ({
      severity: 'warning',
      entry: path.slice(1),
      file: file ?? path,
      line,
      key: 'Mount',
      reason:
        'this mount has no source: Quadlet of podman 5.4 crashes here, and makes no service of the files that come after this one',
      remedy: 'add source=',
    }))
  })
}

function mountsOf(files: DeploymentFiles, { dropIns }: SpecReader, path: string, name: string) {
  try {
    const { unitFile } = readUnitFile(files, dropIns, path, name)
    return unitFile.get('Container')?.get('Mount') ?? []
  } catch {
    return [] // reported above, if Quadlet cannot read it either
  }
}

function needsSource(mount: string): boolean {
  return (
    /(?:^|,)"?type=(?:bind|glob|image|volume)"?(?:,|$)/u.test(mount) &&
    !/(?:^|,)"?(?:source|src)="?[^",]/u.test(mount)
  )
}
