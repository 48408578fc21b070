import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { UnitText } from '../render/unit-text.ts'

/**
 * Writes unit files into a directory, which is made when it does not exist. Everybody may read them, whatever
 * the umask is: systemd warns of units that only root may read, because it tells everybody what is in them.
 */
export function writeUnits(directory: string, units: readonly UnitText[]): void {
  mkdirSync(directory, { recursive: true })
  for (const { name, contents } of units) {
    const path = join(directory, name)
    if (name.includes('/')) {
      mkdirSync(dirname(path), { recursive: true })
      chmodSync(dirname(path), 0o755)
    }
    writeFileSync(path, contents)
    chmodSync(path, 0o644)
  }
}
