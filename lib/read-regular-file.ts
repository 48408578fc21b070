import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
} from 'node:fs'

/**
 * Reads a file from an untrusted root. Opens only a regular file: opening a FIFO could block forever, and
 * opening a device can have side effects.
 *
 * @param path without links, from `resolveInRoot`
 * @param limit maximum size in bytes
 * @throws Error with the reason, for people
 */
export function readRegularFile(path: string, limit: number): Buffer {
  refuseUnlessRegular(lstatSync(path), limit)
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    refuseUnlessRegular(fstatSync(file), limit)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function refuseUnlessRegular(stat: Stats, limit: number): void {
  if (!stat.isFile()) throw new Error(`this is a ${kindOf(stat)}, not a regular file`)
  if (stat.size > limit) throw new Error(`the file has ${stat.size} bytes, the maximum is ${limit}`)
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'directory'
  if (stat.isFIFO()) return 'FIFO'
  if (stat.isSymbolicLink()) return 'symbolic link'
  return 'device or socket'
}
