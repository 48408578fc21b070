import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { UnitText } from '../render/unit-text.ts'

/**
 * Writes unit files into a directory, and creates it if it does not exist. All users can read the files, whatever the
 * umask is: systemd warns about units that only root can read, because it shows their contents to all users anyway.
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
