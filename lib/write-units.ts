import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitText } from './render/render-units.ts'

/** Writes unit files into a directory, which is made when it does not exist. */
export function writeUnits(directory: string, units: readonly UnitText[]): void {
  mkdirSync(directory, { recursive: true })
  for (const { name, contents } of units) writeFileSync(join(directory, name), contents)
}
