// What each deployment was completed with: which image each name means there. Written when every image is on
// disk and synced. Failure policy: a record that cannot be read is none; every other failure is an error.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listDirectory } from '../list-directory.ts'
import { stateDirectory } from '../directories.ts'
import { readUnlessMissing } from './read-unless-missing.ts'
import { writeFileSafely } from './write-file-safely.ts'

const directory = join(stateDirectory, 'deployments')
const activated = join(stateDirectory, 'activated')

/** One bound image of a deployment. */
export interface RecordedImage {
  /** Of the bound image, see `BoundImage`. */
  readonly identity: string
  /** By which containers find it. */
  readonly name: string
  /** By which it was pulled, if it was; its name in the store is then `storedName`. */
  readonly digest?: string | undefined
  /** Its id in podman's store. */
  readonly id: string
}

export interface DeploymentRecord {
  /** Name of the deployment. */
  readonly deployment: string
  /** When all was there, in ISO 8601. */
  readonly time: string
  readonly images: readonly RecordedImage[]
  /** Whether there are others, which it lacked. */
  readonly isPartial?: boolean | undefined
}

/** @returns undefined when the deployment was not completed here */
export function readRecord(deployment: string): DeploymentRecord | undefined {
  try {
    const record: unknown = JSON.parse(readUnlessMissing(fileOf(deployment)) ?? '')
    return isRecord(record) ? record : undefined
  } catch {
    return undefined
  }
}

/** Whether it is written down what every name means in a deployment. */
export function isRecordWhole(deployment: string): boolean {
  const record = readRecord(deployment)
  return record !== undefined && record.isPartial !== true
}

/** Keeps a record, unless there is one with the same images; tags are set anew at the next boot. */
export function writeRecord(record: DeploymentRecord): void {
  const old = readRecord(record.deployment)
  if (old !== undefined && contentsOf(old) === contentsOf(record)) return
  writeFileSafely(fileOf(record.deployment), `${JSON.stringify(record, undefined, 2)}\n`)
  forgetActivated()
}

/** Deletes the records of all deployments but these. */
export function removeOtherRecords(deployments: ReadonlySet<string>): void {
  for (const file of names())
    if (!deployments.has(file.replace(/\.json$/u, ''))) rmSync(join(directory, file))
}

/** Ids of the images that some deployment was completed with. */
export function neededImages(): ReadonlySet<string> {
  const records = names().flatMap(file => readRecord(file.replace(/\.json$/u, '')) ?? [])
  return new Set(records.flatMap(({ images }) => images.map(({ id }) => id)))
}

/** For units/programs/activate: the tags in the store are those of this deployment. */
export function rememberActivated(deployment: string): void {
  if (!isActivated(deployment)) writeFileSafely(activated, `${deployment}\n`)
}

/** Has the tags set anew at the next boot. */
export function forgetActivated(): void {
  rmSync(activated, { force: true })
}

/** Whether the tags in the store were made those of this deployment, and its record is the same since. */
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

function names(): readonly string[] {
  return listDirectory(directory)
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
