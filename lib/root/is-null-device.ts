import type { Stats } from 'node:fs'

/** Number of /dev/null on Linux: major 1, minor 3. */
const nullDevice = 0x1_03

/** Whether this is /dev/null, by which an administrator masks a file: for every reader, it is empty. */
export function isNullDevice(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === nullDevice
}
