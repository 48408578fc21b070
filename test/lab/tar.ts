/** What a path of an archive is: contents of a plain file, or anything that a tar archive can hold. */
export type TarContent = string | Buffer | TarEntry

export interface TarEntry {
  readonly type?: keyof typeof typeFlags
  readonly contents?: string | Buffer
  /** Where a hard or symbolic link leads. */
  readonly target?: string
  /** With setuid, setgid and sticky bits. */
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Major and minor number. */
  readonly device?: readonly [major: number, minor: number]
  /** Extended attributes by name; `security.capability` is one. */
  readonly xattrs?: Readonly<Record<string, Buffer>>
}

const typeFlags = {
  file: '0',
  hardLink: '1',
  symlink: '2',
  characterDevice: '3',
  blockDevice: '4',
  directory: '5',
  fifo: '6',
} as const

/** Which entries an archive has. */
export interface TarOptions {
  /** Whether there is one for each directory, as nearly all programs write them. */
  readonly directories?: boolean
}

/** A tar archive with fixed times and, unless an entry says otherwise, owner and mode: equal files are equal bytes. */
export const tar = (
  files: Readonly<Record<string, TarContent>>,
  { directories = true }: TarOptions = {},
): Buffer =>
  Buffer.concat([
    ...Object.entries(directories ? withDirectories(files) : files).map(([path, content]) =>
      typeof content === 'string' || Buffer.isBuffer(content)
        ? entry(path, { contents: content })
        : entry(path, content),
    ),
    Buffer.alloc(2 * BLOCK),
  ])

/** The same, with an entry for each directory that has none. */
const withDirectories = (files: Readonly<Record<string, TarContent>>) => {
  const all: Record<string, TarContent> = {}
  const isThere = (path: string) => [path, `${path}/`].some(name => name in files || name in all)
  for (const [path, content] of Object.entries(files)) {
    const names = path.replace(/\/$/u, '').split('/').slice(0, -1)
    for (const [index] of names.entries()) {
      const directory = names.slice(0, index + 1).join('/')
      if (directory !== '' && !isThere(directory)) all[`${directory}/`] = { type: 'directory' }
    }
    all[path] = content
  }
  return all
}

const BLOCK = 512

/** One file in the ustar format (POSIX pax(1)): a header block, then the contents in whole blocks. */
const entry = (path: string, content: TarEntry): Buffer => {
  const { type = 'file', contents = '', xattrs = {} } = content
  return Buffer.concat([
    extendedHeader(path, xattrs),
    block(path, typeFlags[type], Buffer.from(contents), content),
  ])
}

/** The entry before another that holds its extended attributes, as GNU tar and Go write them. */
const extendedHeader = (path: string, xattrs: Readonly<Record<string, Buffer>>): Buffer => {
  const records = Object.entries(xattrs).map(([name, value]) => {
    const text = Buffer.concat([Buffer.from(` SCHILY.xattr.${name}=`), value, Buffer.from('\n')])
    // The length counts its own digits.
    const digits = String(text.length + String(text.length).length).length
    return Buffer.concat([Buffer.from(String(text.length + digits)), text])
  })
  return records.length === 0
    ? Buffer.alloc(0)
    : block(`PaxHeaders/${path.slice(-50)}`, 'x', Buffer.concat(records), {})
}

const block = (path: string, typeFlag: string, contents: Buffer, entry: TarEntry): Buffer => {
  const { mode = 0o755, uid = 0, gid = 0, target = '', device = [0, 0] } = entry
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(target) > 100)
    throw new Error(`too long for a tar header: ${path} ${target}`)
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, offset: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), offset)
  header.write(path, 0)
  octal(mode, 100, 8)
  octal(uid, 108, 8)
  octal(gid, 116, 8)
  octal(contents.length, 124, 12)
  octal(0, 136, 12)
  header.write(typeFlag, 156)
  header.write(target, 157)
  header.write('ustar\x0000', 257)
  octal(device[0], 329, 8)
  octal(device[1], 337, 8)
  // the checksum counts its own field as spaces
  header.fill(' ', 148, 156)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return Buffer.concat([header, contents, Buffer.alloc(-contents.length & (BLOCK - 1))])
}
