import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes /run/ostree-booted say that a host runs the deployment in a directory. */
export function writeBootedFile(host: string, directory: string): void {
  const { dev, ino } = statSync(directory, { bigint: true })
  // {'backing-root-device-inode': <(dev, ino)>}, as glib writes it on a little-endian machine
  const numbers = Buffer.alloc(16)
  numbers.writeBigUInt64LE(dev, 0)
  numbers.writeBigUInt64LE(ino, 8)
  const key = Buffer.from('backing-root-device-inode\0'.padEnd(32, '\0'))
  const end = Buffer.from('\0(tt)\x1a')
  const entry = Buffer.concat([key, numbers, end])
  mkdirSync(join(host, 'run'), { recursive: true })
  writeFileSync(
    join(host, 'run/ostree-booted'),
    Buffer.concat([entry, Buffer.from([entry.length])]),
  )
}
