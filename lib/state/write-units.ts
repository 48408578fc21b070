import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitText } from '../render/render-units.ts'

/**
 * Writes unit files into a directory, which is made when it does not exist. Everybody may read them, whatever
 * the umask is: systemd warns of units that only root may read, because it tells everybody what is in them.
 */
export function writeUnits(directory: string, units: readonly UnitText[]): void {
  mkdirSync(directory, { recursive: true })
  for (const { name, contents } of units) {
    writeFileSync(join(directory, name), contents)
    chmodSync(join(directory, name), 0o644)
  }
}
