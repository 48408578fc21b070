import { realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import { credentialsDirectory } from '../directories.ts'
import { DeploymentFiles } from '../root/deployment-files.ts'
import { specDirectories } from '../bound-images/list-entries.ts'
import { readBoundImages, type BoundImageSpec } from '../bound-images/read-bound-images.ts'
import { SpecReader } from '../bound-images/spec-reader.ts'
import { anyMachineId } from './any-host.ts'
import { entryWarnings } from './entry-warnings.ts'
import { problemFindings, type Finding } from './finding.ts'
import { byPlace, locateFinding, type LocatedFinding } from './locate-finding.ts'
import { neighbourWarnings } from './neighbour-warnings.ts'
import { podmanWarnings } from './podman-warnings.ts'
import { policyFindings } from './policy-findings.ts'
import { registriesFindings } from './registries-findings.ts'
import { specWarnings } from './spec-warnings.ts'
import { trustWarnings } from './trust-warnings.ts'
import { unitWarnings } from './unit-warnings.ts'
import { storeFindings } from './store-findings.ts'
import { usageWarnings } from './usage-warnings.ts'
import { usersWarnings } from './users-warnings.ts'

/** The bound-image specs of a root, and the findings about them. */
export interface CheckResult {
  readonly specs: readonly BoundImageSpec[]
  /** By file and line. */
  readonly findings: readonly LocatedFinding[]
  /** The directories that were read for specs. */
  readonly directories: readonly string[]
  /** See `locateFinding`. For findings that are made later. */
  readonly locate: (finding: Finding) => LocatedFinding
}

/**
 * Checks a root without a host, as in the build of an OS image. A finding is an error if it prevents pulls on every
 * host.
 *
 * @param isAll whether it is an error too that an image of a Quadlet file is not bound
 * @throws Error if the root has no operating system, or if its configuration cannot be used
 */
export function checkRoot(root: string, isAll = false): CheckResult {
  const realRoot = realpathSync(root)
  if (statSync(join(realRoot, 'usr'), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${root} is not the root of an OS image: it has no directory usr`)
  const files = new DeploymentFiles(realRoot)
  const options = { secrets: credentialsDirectory, machineId: anyMachineId }
  const { settings } = readSettings(realRoot)
  const reader = new SpecReader(files, options)
  const { specs, problems } = readBoundImages(files, options, settings.specDirs, reader)
  const broken = new Set(
    problems.flatMap(({ file, faults }) => [file, ...faults.map(fault => fault.file)]),
  )
  const findings = [
    ...problemFindings(problems),
    ...entryWarnings(files, settings.specDirs),
    ...specWarnings(files, reader.dropIns, specs),
    ...usageWarnings(files, reader, specs, { store: settings.store, isAll, broken }),
    ...usersWarnings(specs),
    ...neighbourWarnings(files, reader, broken),
    ...unitWarnings(files),
    ...(specs.length === 0 ? [] : pullFindings(files, specs, settings.store)),
  ]
  const locate = (finding: Finding) =>
    locateFinding(files, { given: root, root: realRoot }, finding)
  return {
    specs,
    directories: settings.specDirs ?? specDirectories,
    findings: findings.map(locate).toSorted(byPlace),
    locate,
  }
}

/** What keeps images from being pulled, besides their specs. */
function pullFindings(
  files: DeploymentFiles,
  specs: readonly BoundImageSpec[],
  store: string | undefined,
): readonly Finding[] {
  return [
    ...storeFindings(files, store),
    ...registriesFindings(files, specs),
    ...policyFindings(files, specs),
    ...trustWarnings(files, specs),
    ...podmanWarnings(files),
  ]
}
