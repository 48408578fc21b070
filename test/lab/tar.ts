/** A tar archive of regular files with fixed owner, time and mode, so that equal files are equal bytes. */
export const tar = (files: Readonly<Record<string, string | Buffer>>): Buffer =>
  Buffer.concat([
    ...Object.entries(files).map(([path, contents]) => entry(path, Buffer.from(contents))),
    Buffer.alloc(2 * BLOCK),
  ])

const BLOCK = 512

/** One file in the ustar format (POSIX pax(1)): a header block, then the contents in whole blocks. */
const entry = (path: string, contents: Buffer): Buffer => {
  if (Buffer.byteLength(path) > 100) throw new Error(`too long for a tar header: ${path}`)
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, offset: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), offset)
  header.write(path, 0)
  octal(0o755, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(contents.length, 124, 12)
  octal(0, 136, 12)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  // the checksum counts its own field as spaces
  header.fill(' ', 148, 156)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return Buffer.concat([header, contents, Buffer.alloc(-contents.length & (BLOCK - 1))])
}
