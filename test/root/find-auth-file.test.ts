import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findAuthFile } from '../../lib/root/find-auth-file.ts'

/** What is in the new root's /usr/etc, in the host's /etc and in the host's /usr/etc. */
interface Case {
  readonly what: string
  readonly shipped?: string
  readonly local?: string
  readonly vendor?: string
  readonly expected: 'new root' | 'host' | undefined
}

const etc = (text: string | undefined) => ({ x: text === undefined ? {} : { auth: text } })

t.test('a file below /etc, as the three-way merge will leave it', t => {
  const cases: readonly Case[] = [
    { what: 'nowhere', expected: undefined },
    { what: 'only in the new root', shipped: 'new', expected: 'new root' },
    { what: 'only on the host', local: 'mine', expected: 'host' },
    {
      what: 'unchanged on the host',
      shipped: 'new',
      local: 'old',
      vendor: 'old',
      expected: 'new root',
    },
    { what: 'changed on the host', shipped: 'new', local: 'mine', vendor: 'old', expected: 'host' },
    { what: 'deleted on the host', shipped: 'new', vendor: 'old', expected: undefined },
    { what: 'dropped by the new root', local: 'old', vendor: 'old', expected: undefined },
  ]
  for (const { what, shipped, local, vendor, expected } of cases) {
    const top = t.testdir({
      root: { usr: { etc: etc(shipped) } },
      host: { etc: etc(local), usr: { etc: etc(vendor) } },
    })
    const found = findAuthFile(join(top, 'root'), join(top, 'host'), '/etc/x/auth')
    const paths = { 'new root': 'root/usr/etc/x/auth', host: 'host/etc/x/auth' } as const
    t.equal(found, expected === undefined ? undefined : join(top, paths[expected]), what)
  }
  t.end()
})

t.test('other places', t => {
  const top = t.testdir({
    root: { usr: { lib: { auth: 'new' } }, run: { auth: '' }, etc: { auth: 'built' } },
    host: { usr: { lib: { auth: 'old' } }, run: { auth: 'host' }, var: { sub: {} } },
  })
  const find = (path: string) => findAuthFile(join(top, 'root'), join(top, 'host'), path)
  t.equal(find('/usr/lib/auth'), join(top, 'root/usr/lib/auth'), 'the OS belongs to the new root')
  t.equal(find('/run/auth'), join(top, 'host/run/auth'), '/run belongs to the host')
  t.equal(find('/etc/../run/auth'), join(top, 'host/run/auth'), 'after normalization')
  t.equal(find('/etc/auth'), join(top, 'root/etc/auth'), 'a root that was never an ostree checkout')
  t.equal(find('/auth'), undefined)
  t.equal(find('/var/sub'), undefined, 'a directory is no file')
  symlinkSync('/run/auth', join(top, 'root/usr/lib/link'))
  t.equal(find('/usr/lib/link'), join(top, 'root/run/auth'), 'links stay inside the root')
  t.end()
})
