import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { parseBootEntry } from '../../lib/backend/boot-entries.ts'
import { ostree } from '../../lib/backend/ostree.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const defaultRoot = (host: string) => ostree.defaultDeployment(host)?.root

/** As ostree 2022.7, 2025.2 and 2026.4 write it. */
const entry = (version: number, ostree: string) => `title Debian GNU/Linux 13 (trixie) (ostree:0)
version ${version}
options root=LABEL=lab ostree=${ostree}
linux /ostree/debian-5a0bf1c5/vmlinuz
initrd /ostree/debian-5a0bf1c5/initramfs.img
`
const deployment = (name: string) => `sysroot/ostree/deploy/debian/deploy/${name}`

const fields = (text: string) => {
  const { version, option } = parseBootEntry(text)
  return { version, ostree: option('ostree') }
}

t.test('a boot entry', t => {
  t.strictSame(fields(entry(2, '/ostree/boot.1/debian/5a0bf1c5/0')), {
    version: 2,
    ostree: '/ostree/boot.1/debian/5a0bf1c5/0',
  })
  t.strictSame(fields('version\t3\noptions\tostree=/first quiet ostree=/second\n'), {
    version: 3,
    ostree: '/first',
  })
  for (const text of [
    '',
    'options root=LABEL=lab\n',
    '# options ostree=/x\n',
    'options xostree=/x ostree= y\n',
    'optionsostree=/x\n',
  ])
    t.strictSame(fields(text), { version: 0, ostree: undefined }, text)
  t.equal(parseBootEntry('version 1.2~rc\noptions ostree=/x\n').version, 0, 'no number of ostree')
  const id = 'a'.repeat(128)
  for (const key of ['efi', 'uki'])
    for (const name of [`bootc_composefs-${id}`, id])
      t.equal(parseBootEntry(`${key} /EFI/Linux/bootc/${name}.efi\n`).image, id, name)
  t.equal(parseBootEntry(`efi /EFI/x-${id}.efi\nlinux /${id}.efi`).image, undefined)
  t.equal(parseBootEntry('sort-key bootc-debian-1 \n').sortKey, 'bootc-debian-1')
  t.end()
})

/** A host with two deployments whose boot entries have these contents. */
const hostWith = (test: Pick<typeof t, 'testdir'>, entries: Readonly<Record<string, string>>) => {
  const tree: Tree = {
    [`${deployment('old.0')}/usr/`]: '',
    [`${deployment('new.0')}/usr/`]: '',
    'sysroot/ostree/boot.1/debian/old/0': { link: '../../../deploy/debian/deploy/old.0' },
    'sysroot/ostree/boot.1/debian/new/0': { link: '../../../deploy/debian/deploy/new.0' },
  }
  const files = Object.entries(entries).map(([name, text]) => [`boot/loader/entries/${name}`, text])
  return makeTree(test, { ...tree, ...Object.fromEntries(files) })
}
const [oldEntry, newEntry] = ['old', 'new'].map(name => `/ostree/boot.1/debian/${name}/0`)

t.test('the entry with the highest version counts', t => {
  const host = hostWith(t, {
    'ostree-1.conf': entry(10, newEntry ?? ''),
    'ostree-2.conf': entry(9, oldEntry ?? ''),
    'rescue.conf': 'title Rescue\nversion 99\noptions rescue\n',
    'ostree-3.conf.old': entry(100, oldEntry ?? ''),
  })
  t.equal(defaultRoot(host), join(host, deployment('new.0')))
  t.end()
})

t.test('without entries there is no default', t => {
  t.equal(defaultRoot(t.testdir({})), undefined)
  t.equal(defaultRoot(hostWith(t, {})), undefined)
  t.equal(defaultRoot(hostWith(t, { 'a.conf': 'title Windows\n' })), undefined)
  t.end()
})

t.test('what is there and cannot be read is an error', t => {
  const gone = hostWith(t, { 'a.conf': entry(1, '/ostree/boot.1/debian/gone/0') })
  t.throws(() => defaultRoot(gone), { code: 'ENOENT' })
  t.throws(() => defaultRoot(makeTree(t, { 'boot/loader/entries': 'a file' })), {
    code: 'ENOTDIR',
  })
  t.end()
})

t.test('entries of others that cannot be read are ignored', t => {
  const host = hostWith(t, { 'a.conf': entry(1, oldEntry ?? ''), 'c.conf/x': '' })
  execFileSync('mkfifo', [join(host, 'boot/loader/entries/b.conf')])
  t.equal(defaultRoot(host), join(host, deployment('old.0')))
  t.end()
})
