import { endianness } from 'node:os'

/** A value of a vardict, still serialized, with its GVariant type string. */
interface Variant {
  readonly type: string
  readonly bytes: Buffer
}

/** GVariant uses the byte order of the machine that wrote it, which is this one. */
const read16 = (bytes: Buffer, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint16(at, endianness() === 'LE')

const read64 = (bytes: Buffer, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, endianness() === 'LE')

/** Offsets of larger values have four bytes. Files of ostree have about one kilobyte. */
const maxBytes = 0xffff

/** A GVariant of type `a{sv}`. */
export type Vardict = ReadonlyMap<string, Variant>

/**
 * Parses a serialized GVariant of type `a{sv}` as far as the files of ostree need it: strings, pairs of
 * numbers and nested vardicts. The GVariant specification defines the format: framing offsets are at the end
 * of a container and as wide as its size needs, variants are aligned to 8 bytes, and numbers are in the byte
 * order of the machine.
 *
 * @throws Error if the bytes are not such a value
 */
export function readVardict(bytes: Buffer): Vardict {
  if (bytes.length === 0) return new Map()
  if (bytes.length > maxBytes)
    throw new Error(`${bytes.length} bytes exceed the maximum of ${maxBytes}`)
  const width = offsetWidth(bytes.length)
  const tableStart = offsetAt(bytes, bytes.length - width)
  if (tableStart >= bytes.length) throw new Error('the offset table is outside the data')
  const ends: number[] = []
  for (let at = tableStart; at < bytes.length; at += width) ends.push(offsetAt(bytes, at))
  return new Map(
    ends.map((end, index) => readEntry(slice(bytes, align(ends[index - 1] ?? 0), end))),
  )
}

/** @throws Error if there is no such string */
export function stringIn(dict: Vardict, key: string): string {
  const { type, bytes } = member(dict, key)
  if (type !== 's' || bytes.at(-1) !== 0) throw new Error(`${key} is not a string`)
  return bytes.toString('utf8', 0, bytes.length - 1)
}

/** @throws Error if there is no such dictionary */
export function vardictIn(dict: Vardict, key: string): Vardict {
  const { type, bytes } = member(dict, key)
  if (type !== 'a{sv}') throw new Error(`${key} is not a dictionary`)
  return readVardict(bytes)
}

/** Whether there is such a boolean, and it is true. */
export function isTrueIn(dict: Vardict, key: string): boolean {
  const variant = dict.get(key)
  return variant?.type === 'b' && variant.bytes[0] === 1
}

/**
 * The two numbers of a value of type `(tt)`.
 *
 * @throws Error if there is no such value
 */
export function pairIn(dict: Vardict, key: string): readonly [bigint, bigint] {
  const { type, bytes } = member(dict, key)
  if (type !== '(tt)' || bytes.length !== 16) throw new Error(`${key} is not a pair of numbers`)
  return [read64(bytes, 0), read64(bytes, 8)]
}

function member(dict: Vardict, key: string): Variant {
  const variant = dict.get(key)
  if (variant === undefined) throw new Error(`there is no ${key}`)
  return variant
}

/** `{sv}`: the key, the aligned variant, the offset of the key's end. */
function readEntry(bytes: Buffer): [string, Variant] {
  const width = offsetWidth(bytes.length)
  const keyEnd = offsetAt(bytes, bytes.length - width)
  const value = slice(bytes, align(keyEnd), bytes.length - width)
  const typeStart = value.lastIndexOf(0)
  if (keyEnd === 0 || typeStart < 0) throw new Error('a dictionary entry is damaged')
  return [
    slice(bytes, 0, keyEnd - 1).toString(),
    { type: value.toString('latin1', typeStart + 1), bytes: value.subarray(0, typeStart) },
  ]
}

function offsetWidth(length: number): number {
  return length <= 0xff ? 1 : 2
}

function offsetAt(bytes: Buffer, at: number): number {
  const width = offsetWidth(bytes.length)
  if (at < 0 || at + width > bytes.length) throw new Error('the data is cut short')
  return width === 1 ? bytes.readUInt8(at) : read16(bytes, at)
}

function slice(bytes: Buffer, start: number, end: number): Buffer {
  if (start > end || end > bytes.length) throw new Error('an offset points outside of the data')
  return bytes.subarray(start, end)
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8
}
