// /var/lib/bootc-bound-images/deployments/NAME.json: JSON, the image that each name means in a deployment. stage,
// settle and gate write it when the images are on disk and synced, and remove those of deployments that are
// gone; all commands that plan pulls read it. /var/lib/bootc-bound-images/activated: name of the deployment to which
// the tags are set. activate and boot write and read it; changes of records and pulls by tag remove it. Failure policy:
// an unreadable record counts as missing; every other failure is an error.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const directory = join(stateDirectory, 'deployments')
const activated = join(stateDirectory, 'activated')

/** One bound image of a deployment. */
export interface RecordedImage {
  /** See `BoundImage`. */
  readonly identity: string
  /** The name by which containers find it. */
  readonly name: string
  /** The digest by which it was pulled, if any. Its name in the store is then `storedName`. */
  readonly digest?: string | undefined
  /** Its ID in podman's store; of an artifact, the digest of its manifest without `sha256:`. */
  readonly id: string
  /** See `BoundImage`. */
  readonly isArtifact?: true | undefined
}

export interface DeploymentRecord {
  /** Name of the deployment. */
  readonly deployment: string
  /** Time of the record, in ISO 8601. */
  readonly time: string
  readonly images: readonly RecordedImage[]
  /** Whether bound images of the deployment were missing, so that the record lacks them. */
  readonly isPartial?: boolean | undefined
}

/** @returns undefined if there is no readable record of the deployment */
export function readRecord(deployment: string): DeploymentRecord | undefined {
  try {
    const record: unknown = JSON.parse(readUnlessMissing(fileOf(deployment)) ?? '')
    return isRecord(record) ? record : undefined
  } catch {
    return undefined
  }
}

/** Whether a deployment has a record of all its bound images. */
export function isRecordWhole(deployment: string): boolean {
  const record = readRecord(deployment)
  return record !== undefined && record.isPartial !== true
}

/** Writes a record, unless there is one with the same images. The next boot then sets the tags again. */
export function writeRecord(record: DeploymentRecord): void {
  const old = readRecord(record.deployment)
  if (old !== undefined && contentsOf(old) === contentsOf(record)) return
  writeFileSafely(fileOf(record.deployment), `${JSON.stringify(record, undefined, 2)}\n`)
  forgetActivated()
}

/** Deletes the records of all other deployments. */
export function removeOtherRecords(deployments: ReadonlySet<string>): void {
  for (const file of names())
    if (!deployments.has(file.replace(/\.json$/u, '')))
      rmSync(join(directory, file), { force: true })
}

/** IDs of the images in all records. */
export function neededImages(): ReadonlySet<string> {
  const records = names().flatMap(file => readRecord(file.replace(/\.json$/u, '')) ?? [])
  return new Set(records.flatMap(({ images }) => images.map(({ id }) => id)))
}

/** Notes for units/programs/activate that the tags in the store are those of this deployment. */
export function rememberActivated(deployment: string): void {
  if (!isActivated(deployment)) writeFileSafely(activated, `${deployment}\n`)
}

/** Makes the next boot set the tags again. */
export function forgetActivated(): void {
  rmSync(activated, { force: true })
}

/** Whether the tags in the store were set to those of this deployment, and its record has not changed since. */
export function isActivated(deployment: string): boolean {
  return readUnlessMissing(activated) === `${deployment}\n`
}

function contentsOf({ images, isPartial }: DeploymentRecord): string {
  const contents = images.map(({ identity, name, digest, id }) => [identity, name, digest, id])
  return JSON.stringify([contents, isPartial])
}

function fileOf(deployment: string): string {
  return join(directory, `${deployment}.json`)
}

/** Without the temporary files of other processes. */
function names(): readonly string[] {
  return listDirectory(directory).filter(name => name.endsWith('.json'))
}

function isRecord(value: unknown): value is DeploymentRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'deployment' in value &&
    'images' in value &&
    Array.isArray(value.images)
  )
}
