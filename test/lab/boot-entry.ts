import { readFileSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/** What a boot loader knows of the deployment it starts. */
export interface BootEntry {
  /** The kernel command line. */
  readonly options: string
  /** Directory of the deployment, outside of the host. */
  readonly deployment: string
}

/** Chooses as a boot loader does: the entry with the highest `version`. */
export const readDefaultBootEntry = (sysroot: string): BootEntry => {
  const dir = join(sysroot, 'boot/loader/entries')
  const best = readdirSync(dir)
    .map(name => parseBootEntry(readFileSync(join(dir, name), 'utf8')))
    .toSorted((a, b) => b.version - a.version)[0]
  const link = best && /(?:^| )ostree=(\S+)/.exec(best.options)?.[1]
  if (link === undefined) throw new Error(`no ostree= in the boot entries of ${sysroot}`)
  return { options: best?.options ?? '', deployment: realpathSync(join(sysroot, link)) }
}

/** The keys that matter here, from the text of a Boot Loader Specification entry. */
const parseBootEntry = (text: string): { readonly version: number; readonly options: string } => ({
  version: Number(/^version\s+(.*)$/m.exec(text)?.[1] ?? 0),
  options: /^options\s+(.*)$/m.exec(text)?.[1] ?? '',
})
