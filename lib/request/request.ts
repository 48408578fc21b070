import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readOwnSettings } from '../config/read-settings.ts'
import { containersDirectories, credentialsDirectory } from '../directories.ts'
import { targetName } from '../plan/plan-pulls.ts'
import { unsupportedOption, type PodmanVersion } from '../facts/podman-version.ts'
import { readContainersConfiguration } from '../root/containers-configuration.ts'
import { type ByteBudget, copyBudget } from '../root/byte-budget.ts'
import { DeploymentFiles } from '../root/deployment-files.ts'
import { backendOf } from '../backend/host-backend.ts'
import { readRegularFile } from '../read-regular-file.ts'
import { nextStore, runningStore, type ConfiguredRoot, type NextStore } from './next-store.ts'
import type { BoundImage } from '../bound-images/bound-image.ts'
import { explain, type Fault, type SpecProblem } from '../text/fault.ts'
import type { PrivateFile } from '../bound-images/read-value.ts'
import { printable } from '../text/printable.ts'
import { readBoundImages, type BoundImageSpec } from '../bound-images/read-bound-images.ts'

/** What a root asks for: its specs, and the problems of those that cannot be used. */
export interface Request {
  readonly root: string
  /** Name of the deployment, see `Backend`. */
  readonly name: string
  /** Whether it is finalized, or was never staged. Its names keep the images that they meant at its staging. */
  readonly isMerged: boolean
  readonly specs: readonly BoundImageSpec[]
  readonly problems: readonly SpecProblem[]
  /** Files for the pulls that only root may read. */
  readonly privateFiles: readonly PrivateFile[]
  /** The directory that the pulls see as /etc/containers; undefined for the host's own. */
  readonly containersDirectory: string | undefined
  /** How the deployment will see the image store; undefined if it was read without a host. */
  readonly store: NextStore | undefined
}

/** Where a deployment will run. */
export interface RequestOptions {
  /** Root of the running system, `/` except in tests; undefined to read the root without a host. */
  readonly hostRoot: string | undefined
  /** Version of the podman that will pull. */
  readonly podmanVersion: PodmanVersion
  /** Name of the deployment; by default that of the root's directory. */
  readonly name?: string | undefined
  /** See `layoutOf`. */
  readonly isMerged?: boolean | undefined
}

/**
 * Reads the bound-image specs of a root.
 *
 * @throws Error if the root has no operating system: a wrong directory must not count as one without bound images
 */
export function readRequest(
  root: string,
  { hostRoot, podmanVersion, name = basename(root), isMerged = false }: RequestOptions,
): Request {
  if (statSync(join(root, 'usr'), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${root} is not the root of a deployment: it has no directory usr`)
  const files = new DeploymentFiles(root, hostRoot, { isMerged })
  const settings = readOwnSettings(files)
  const machineId = hostRoot === undefined ? undefined : readMachineId(hostRoot)
  const copies = copyBudget()
  const read = readBoundImages(
    files,
    { secrets: credentialsDirectory, machineId, copies },
    settings.specDirs,
  )
  const { specs, faults } = partitionSpecs(read.specs, podmanVersion, settings.store)
  const problems = [...read.problems, ...faults]
  const configuration =
    specs.length === 0 ? undefined : readConfiguration(files, root, hostRoot, copies, problems)
  const directory = join(containersDirectories, targetName(name).replace(/\.target$/u, ''))
  return {
    root,
    name,
    isMerged,
    specs,
    problems,
    privateFiles: [
      ...filesOf(specs),
      ...(configuration ?? []).map(file => ({ ...file, path: join(directory, file.path) })),
    ],
    containersDirectory: configuration && directory,
    store: hostRoot === undefined ? undefined : readStore(root, hostRoot, { files, settings }),
  }
}

function readStore(root: string, hostRoot: string, next: ConfiguredRoot): NextStore {
  if (backendOf(hostRoot).isRunning(hostRoot, root)) return runningStore(next)
  const files = new DeploymentFiles(hostRoot, hostRoot)
  return nextStore(root, hostRoot, next, { files, settings: readOwnSettings(files) })
}

function partitionSpecs(
  all: readonly BoundImageSpec[],
  version: PodmanVersion,
  store: string | undefined,
) {
  const faultIn = ({ boundImage }: BoundImageSpec) =>
    unsupportedOption(boundImage, version) ?? unsupportedStore(boundImage, store)
  const faultOf = new Map(all.map(spec => [spec, faultIn(spec)]))
  return {
    specs: all.filter(spec => faultOf.get(spec) === undefined),
    faults: all.flatMap((spec): readonly SpecProblem[] => {
      const fault = faultOf.get(spec)
      return fault === undefined ? [] : [{ entry: spec.entry, faults: [fault] }]
    }),
  }
}

/** podman finds artifacts in its own store alone, which is not checked then. */
function unsupportedStore(
  { isArtifact, name, origin }: BoundImage,
  store: string | undefined,
): Fault | undefined {
  return isArtifact && store !== undefined
    ? {
        ...origin,
        reason: `with Store=, the artifact ${name} cannot be bound: containers find artifacts only in podman's own store`,
        remedy: 'remove Store=, or the artifact',
      }
    : undefined
}

/** Collects each file once, because specs share the copy of a directory. */
function filesOf(specs: readonly BoundImageSpec[]): ReadonlySet<PrivateFile> {
  const all = new Set<PrivateFile>()
  for (const { boundImage } of specs)
    for (const { files } of boundImage.options) for (const file of files) all.add(file)
  return all
}

function readConfiguration(
  files: DeploymentFiles,
  root: string,
  hostRoot: string | undefined,
  copies: ByteBudget,
  problems: SpecProblem[],
) {
  if (hostRoot === undefined || backendOf(hostRoot).isRunning(hostRoot, root)) return undefined
  try {
    return readContainersConfiguration(files, hostRoot, copies)
  } catch (error) {
    const { reason, remedy = 'correct the file' } = explain(error)
    problems.push({ entry: 'etc/containers', faults: [{ reason: printable(reason), remedy }] })
    return undefined
  }
}

const maxMachineIdBytes = 1024

function readMachineId(hostRoot: string): string | undefined {
  try {
    const id = readRegularFile(join(hostRoot, 'etc/machine-id'), maxMachineIdBytes)
      .toString()
      .trim()
    return /^[0-9a-f]{32}$/u.test(id) ? id : undefined
  } catch {
    return undefined // A specifier that needs the ID reports that it is missing.
  }
}
