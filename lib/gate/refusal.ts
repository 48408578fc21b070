// What the gate refused, kept for the status of the next boot: by then the staged deployment and its
// units are gone. Failure policy: every failure is an error.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectory } from '../directories.ts'
import { writeFileSafely } from '../host/write-file-safely.ts'
import type { ImageReport } from './survey-images.ts'

const file = join(stateDirectory, 'refused.json')

/** A deployment that was not allowed to become the default. */
export interface Refusal {
  /** Name of the root's directory, `<checksum>.<serial>`. */
  readonly deployment: string
  /** ISO 8601. */
  readonly time: string
  /** Why no image could be looked at; undefined when they could. */
  readonly error?: string | undefined
  /** Every bound image, those that were missing among them. */
  readonly images: readonly ImageReport[]
}

export function recordRefusal(refusal: Refusal): void {
  writeFileSafely(file, `${JSON.stringify(refusal, undefined, 2)}\n`)
}

/** @returns undefined when the last gate refused nothing */
export function readRefusal(): Refusal | undefined {
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

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'deployment' in value && 'images' in value
}
