import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A Boot Loader Specification entry. */
interface EntryFile {
  readonly file: string
  readonly text: string
  /** The value of a key, or nothing. */
  readonly get: (key: string) => string
}

/** The boot entries of a sysroot, in no order. */
export const readEntryFiles = (sysroot: string): readonly EntryFile[] => {
  const dir = join(sysroot, 'boot/loader/entries')
  return readdirSync(dir).map(name => {
    const file = join(dir, name)
    const text = readFileSync(file, 'utf8')
    return { file, text, get: key => new RegExp(`^${key}\\s+(.*)$`, 'm').exec(text)?.[1] ?? '' }
  })
}

/** The value of an option of a kernel command line. Throws if it is not there. */
export const kernelArgument = (options: string, name: string): string => {
  const value = new RegExp(`(?:^| )${name}=(\\S+)`).exec(options)?.[1]
  if (value === undefined) throw new Error(`no ${name}= in the boot entry with ${options}`)
  return value
}

/** What a deployment is a version of, by its file of origin. */
export const versionIn = (origin: string, pattern: RegExp): string => {
  const version = pattern.exec(readFileSync(origin, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`no version in ${origin}`)
  return version
}
