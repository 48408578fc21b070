import { type ImageContent, makeLayer } from './oci-image.ts'
import type { TarContent } from './tar.ts'

/** Value of the attribute `security.capability` for cap_net_raw+p (linux/capability.h, vfs_cap_data). */
const netRaw = Buffer.from('0000000200200000000000000000000000000000', 'hex')

const setuid = { contents: 'setuid', mode: 0o4755, uid: 1000, gid: 1000 }

const below: Readonly<Record<string, TarContent>> = {
  sticky: { type: 'directory', mode: 0o1777, uid: 5, gid: 6 },
  'sticky/file': { contents: 'x', uid: 7, gid: 8 },
  private: { type: 'directory', mode: 0o700, uid: 1234, gid: 1234 },
  'private/file': { contents: 'x', mode: 0o400, uid: 1234, gid: 1234 },
  'private/closed': { contents: 'x', mode: 0, uid: 4321, gid: 4321 },
  setuid,
  'hard-link': { ...setuid, type: 'hardLink', contents: '', target: 'setuid' },
  setgid: { contents: 'x', mode: 0o2755, gid: 50 },
  ping: { contents: 'x', xattrs: { 'security.capability': netRaw } },
  attribute: { contents: 'x', uid: 77, xattrs: { 'user.shop': Buffer.from('web') } },
  link: { type: 'symlink', target: '/etc/shadow', uid: 9 },
  null: { type: 'characterDevice', device: [1, 3], mode: 0o666 },
  disk: { type: 'blockDevice', device: [8, 0], mode: 0o660, gid: 6 },
  fifo: { type: 'fifo', uid: 33 },
  gone: 'x',
  'directory/a': 'x',
  'directory/b': 'x',
}

/** With whiteouts, of files and of all that a directory had. */
const above: Readonly<Record<string, TarContent>> = {
  '.wh.gone': '',
  'private/.wh.file': '',
  'directory/.wh..wh..opq': '',
  'directory/c': 'x',
}

/** An image with everything that takes privileges to unpack. */
export function hardImage(): ImageContent {
  return { layers: [makeLayer({ files: below })], files: above }
}
