import { readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a boot loader knows of a deployment that it can start. */
export interface BootEntry {
  /** The kernel command line. */
  readonly options: string
  /** Directory of the deployment, outside of the host. */
  readonly deployment: string
}

/** In the order of a boot loader: the entry with the highest `version` comes first. */
export const readBootEntries = (sysroot: string): readonly BootEntry[] => {
  const dir = join(sysroot, 'boot/loader/entries')
  return readdirSync(dir)
    .map(name => parseBootEntry(readFileSync(join(dir, name), 'utf8')))
    .toSorted((a, b) => b.version - a.version)
    .map(({ options }) => {
      const link = /(?:^| )ostree=(\S+)/.exec(options)?.[1]
      if (link === undefined) throw new Error(`no ostree= in a boot entry of ${sysroot}`)
      return { options, deployment: realpathSync(join(sysroot, link)) }
    })
}

/** The one that is started unless somebody chooses another. */
export const readDefaultBootEntry = (sysroot: string): BootEntry => {
  const [first] = readBootEntries(sysroot)
  if (first === undefined) throw new Error(`no boot entries in ${sysroot}`)
  return first
}

/** Makes the second of two entries the default one. */
export const swapBootEntries = (sysroot: string): void => {
  const dir = join(sysroot, 'boot/loader/entries')
  const files = readdirSync(dir).map(name => join(dir, name))
  const texts = files.map(file => readFileSync(file, 'utf8'))
  const versions = texts.map(text => parseBootEntry(text).version).toReversed()
  if (files.length !== 2) throw new Error(`not two boot entries in ${sysroot}`)
  for (const [index, file] of files.entries())
    writeFileSync(file, texts[index]?.replace(/^version\s.*$/m, `version ${versions[index]}`) ?? '')
}

/** What a deployment is a version of, by its origin. */
export const versionOf = (deployment: string): string => {
  const origin = `${deployment}.origin`
  const version = /^refspec=debian\/(.*)$/m.exec(readFileSync(origin, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`no refspec in ${origin}`)
  return version
}

/** The keys that matter here, from the text of a Boot Loader Specification entry. */
const parseBootEntry = (text: string): { readonly version: number; readonly options: string } => ({
  version: Number(/^version\s+(.*)$/m.exec(text)?.[1] ?? 0),
  options: /^options\s+(.*)$/m.exec(text)?.[1] ?? '',
})
