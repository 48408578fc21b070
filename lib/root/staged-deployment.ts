import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unlessMissing } from '../unless-missing.ts'
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

/** The same of bootc's composefs backend (bootc: crates/lib/src/composefs_consts.rs). */
const composefsFile = 'run/composefs/staged-deployment'

const lockFile = 'run/ostree/staged-deployment-locked'

/** Contents of the lock file if the gate or bootc-bound-images-guard.service made it. */
const ourLock = 'bootc-bound-images\n'

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

/** @throws Error if a deployment is staged that we cannot open, and have no gate for */
export function requireKnownBackend(hostRoot: string): void {
  if (existsSync(join(hostRoot, composefsFile)))
    throw new Error(
      `/${composefsFile}: a deployment is staged with the composefs backend of bootc, which is not supported: nothing pulls its bound images, and nothing keeps it from becoming the default without them`,
    )
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

/**
 * @param bytes contents of ostree's file about the staged deployment
 * @returns the root directory of the staged deployment, or undefined if nothing is staged
 */
export function locateStagedRoot(
  hostRoot: string,
  bytes = readStagedFile(hostRoot),
): string | undefined {
  return bytes && deploymentRoot(hostRoot, parseStagedDeployment(bytes))
}

/**
 * Whether a deployment is staged that somebody else has locked. ostree does not finalize it at a shutdown: it is marked
 * as locked, or there is a lock file (ostree: src/libostree/ostree-sysroot-deploy.c,
 * _ostree_sysroot_finalize_staged_inner).
 */
export function isLocked(hostRoot: string): boolean {
  const staged = readStagedFile(hostRoot)
  if (staged === undefined) return false
  return lockOf(hostRoot) === 'other' || isTrueIn(readVardict(staged), 'locked')
}

/**
 * Has ostree finalize nothing until the lock is removed, or another deployment is staged. A lock that somebody else has
 * set stays as it is.
 */
export function takeLock(hostRoot: string): void {
  if (lockOf(hostRoot) === undefined)
    writeFileSync(join(hostRoot, lockFile), ourLock, { flag: 'wx' })
}

/** Removes the lock file if it is ours. After a refusal without a reboot, it would hold back a later deployment. */
export function removeOurLock(hostRoot: string): void {
  if (lockOf(hostRoot) === 'ours') rmSync(join(hostRoot, lockFile))
}

function lockOf(hostRoot: string): 'ours' | 'other' | undefined {
  const contents = unlessMissing(() => readFileSync(join(hostRoot, lockFile), 'utf8'))
  return contents === undefined ? undefined : contents === ourLock ? 'ours' : 'other'
}
