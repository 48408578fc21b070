// What the gate refused, kept for the status of the next boot: by then the staged deployment and its
// units are gone. Failure policy: what cannot be written is said, every other failure is an error.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../text/describe-error.ts'
import { stateDirectory } from '../directories.ts'
import { writeFileSafely } from './write-file-safely.ts'

const file = join(stateDirectory, 'refused.json')

/** A bound image of it, or a spec that cannot be used; see `ImageReport`. */
export interface RefusedImage {
  readonly image?: string
  readonly state: string
  readonly unit?: string
  readonly why: string
}

/** A deployment that was not allowed to become the default. */
export interface GateRefusal {
  /** Name of the root's directory, `<checksum>.<serial>`. */
  readonly deployment: string
  /** ISO 8601. */
  readonly time: string
  /** Why no image could be looked at, or none was pulled; undefined when `images` says it all. */
  readonly error?: string | undefined
  /** Every bound image, those that were missing among them. */
  readonly images: readonly RefusedImage[]
}

/**
 * Keeps a refusal of now. The note is for people: a full disk must not keep a good update from being finalized, so
 * a failure is only said.
 */
export function recordRefusal({ deployment, error, images }: Omit<GateRefusal, 'time'>): void {
  const refusal: GateRefusal = { deployment, time: new Date().toISOString(), error, images }
  try {
    writeFileSafely(file, `${JSON.stringify(refusal, undefined, 2)}\n`)
  } catch (failure) {
    process.stderr.write(`noting the refusal: ${describeError(failure)}\n`)
  }
}

/** @returns undefined when the last gate refused nothing */
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

export function forgetRefusal(): void {
  rmSync(file, { force: true })
}

function isRefusal(value: unknown): value is GateRefusal {
  return typeof value === 'object' && value !== null && 'deployment' in value && 'images' in value
}
