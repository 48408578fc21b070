import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { WorkArea } from './work-area.ts'

const repository = join(import.meta.dirname, '../..')

/** Installs this repository as a Debian host has it, into a directory for an ostree commit. */
export const installProduct = async (area: WorkArea): Promise<string> => {
  const dir = join(area.dir, 'product')
  const make = [
    'make',
    '--silent',
    `--directory=${repository}`,
    'install',
    `DESTDIR=${dir}`,
    'prefix=/usr',
    'sysconfdir=/etc',
    'systemdsystemunitdir=/usr/lib/systemd/system',
    'systemdsystemgeneratordir=/usr/lib/systemd/system-generators',
    'tmpfilesdir=/usr/lib/tmpfiles.d',
  ]
  // one at a time: all labs build in the same place
  await execa('flock', [join(area.cache, '../make.lock'), ...make], { stdin: 'ignore' })
  if (existsSync(join(dir, 'etc'))) renameSync(join(dir, 'etc'), join(dir, 'usr/etc'))
  return dir
}
