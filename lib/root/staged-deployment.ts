import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTrueIn, readVardict, stringIn, vardictIn } from './gvariant.ts'

/** The deployment that ostree will make the default at the next clean shutdown. */
export interface StagedDeployment {
  /** The stateroot. */
  readonly osname: string
  /** `<commit checksum>.<serial>`, the name of the root's directory. */
  readonly name: string
}

/** The file in which ostree records the staged deployment, below the root directory of the host. */
export const stagedDeploymentFile = 'run/ostree/staged-deployment'

const lockFile = 'run/ostree/staged-deployment-locked'

/**
 * @returns the contents of the file, or undefined if nothing is staged
 * @throws Error if the file cannot be read
 */
export function readStagedFile(hostRoot: string): Buffer | undefined {
  try {
    return readFileSync(join(hostRoot, stagedDeploymentFile))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`reading /${stagedDeploymentFile}`, { cause: error })
  }
}

/**
 * Parses ostree's file about the staged deployment, a GVariant `a{sv}` whose `target` identifies the
 * deployment (ostree: src/libostree/ostree-sysroot-deploy.c, serialize_deployment_to_variant).
 *
 * @throws Error if the file is damaged, or has an invalid name of a deployment directory
 */
export function parseStagedDeployment(bytes: Buffer): StagedDeployment {
  try {
    const target = vardictIn(readVardict(bytes), 'target')
    const deployment = { osname: stringIn(target, 'osname'), name: stringIn(target, 'name') }
    if (!/^[\w+-][\w.+-]*$/u.test(deployment.osname))
      throw new Error('osname is not a directory name')
    if (!/^[0-9a-f]{64}\.[0-9]+$/u.test(deployment.name))
      throw new Error('name is not CHECKSUM.SERIAL')
    return deployment
  } catch (error) {
    throw new Error(`/${stagedDeploymentFile} is not a staged deployment of ostree`, {
      cause: error,
    })
  }
}

/** The root directory of a deployment, below the root directory of the host. */
export function deploymentRoot(hostRoot: string, { osname, name }: StagedDeployment): string {
  return join(hostRoot, 'sysroot/ostree/deploy', osname, 'deploy', name)
}

/** @returns the root directory of the staged deployment, or undefined if nothing is staged */
export function locateStagedRoot(hostRoot: string): string | undefined {
  const bytes = readStagedFile(hostRoot)
  return bytes && deploymentRoot(hostRoot, parseStagedDeployment(bytes))
}

/**
 * Whether a deployment is staged that ostree does not finalize at a shutdown, because it is marked as locked, or there
 * is a lock file (ostree: src/libostree/ostree-sysroot-deploy.c, _ostree_sysroot_finalize_staged_inner).
 */
export function isLocked(hostRoot: string): boolean {
  const staged = readStagedFile(hostRoot)
  if (staged === undefined) return false
  return existsSync(join(hostRoot, lockFile)) || isTrueIn(readVardict(staged), 'locked')
}
