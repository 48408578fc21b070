// /var/lib/bootc-bound-images/refused.json: JSON, what the gate refused last and why. Written by gate; read by status,
// boot and boot.service after the reboot, when the staged deployment and its units are gone; removed by gate when it
// lets a deployment pass. Failure policy: a failed write or removal is only logged; every other failure is an error.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../text/describe-error.ts'
import { stateDirectory } from '../directories.ts'
import { writeFileSafely } from '../write-file-safely.ts'

const file = join(stateDirectory, 'refused.json')

/** A bound image of the refused deployment, or a spec that cannot be used; see `ImageReport`. */
export interface RefusedImage {
  readonly image?: string
  readonly state: string
  readonly unit?: string
  readonly why: string
}

/** A deployment that was not allowed to become the default. */
export interface GateRefusal {
  /** Its name, see `Deployment`. */
  readonly deployment: string
  /** Name of the deployment that was running; undefined if an earlier version wrote this. */
  readonly running?: string
  /** Time of the refusal, in ISO 8601. */
  readonly time: string
  /** Why the images could not be checked, or the pulls were not started; undefined if `images` is the whole reason. */
  readonly error?: string | undefined
  /** All bound images, present and missing ones. */
  readonly images: readonly RefusedImage[]
}

/**
 * Records a refusal with the current time. A failed write is only logged, because the record is only for people: a full
 * disk must not keep a good update from being finalized.
 */
export function recordRefusal(refused: Omit<GateRefusal, 'time'>): void {
  const refusal: GateRefusal = { ...refused, time: new Date().toISOString() }
  try {
    writeFileSafely(file, `${JSON.stringify(refusal, undefined, 2)}\n`)
  } catch (failure) {
    process.stderr.write(`noting the refusal: ${describeError(failure)}\n`)
  }
}

/**
 * @returns undefined if the last gate refused nothing
 * @throws Error if the file cannot be read
 */
export function readRefusal(): GateRefusal | undefined {
  if (!existsSync(file)) return undefined
  try {
    const refusal: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isRefusal(refusal)) throw new Error('it is not what the gate writes')
    return refusal
  } catch (error) {
    throw new Error(`reading ${file}`, { cause: error })
  }
}

/** A failure is only logged, because the deployment has passed by then. */
export function forgetRefusal(): void {
  try {
    rmSync(file, { force: true })
  } catch (failure) {
    process.stderr.write(`removing ${file}: ${describeError(failure)}\n`)
  }
}

function isRefusal(value: unknown): value is GateRefusal {
  return typeof value === 'object' && value !== null && 'deployment' in value && 'images' in value
}
