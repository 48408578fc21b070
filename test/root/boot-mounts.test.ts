import t from 'tap'
import { bootMounts } from '../../lib/root/boot-mounts.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const mounts = (tree: Tree, isWanted: (where: string) => boolean = () => true) => [
  ...bootMounts(new DeploymentFiles(makeTree(t, { 'usr/': '', ...tree })), isWanted),
]
const units = 'usr/lib/systemd/system'
const wants = (directory: string, name: string) => ({
  [`${directory}/local-fs.target.wants/${name}`]: { link: `../${name}` },
})

t.test('fstab', t => {
  t.strictSame(mounts({}), [])
  const fstab = `# /dev/a /commented ext4
UUID=1\t/var/lib/  xfs defaults 0 2
/dev/b /var/with\\040blank ext4 nofail
/dev/c /by/hand ext4 noauto
/dev/d /first/access ext4 x-systemd.automount
/dev/e none swap

/dev/f
`
  const all = ['/var/lib', '/var/with blank', '/first/access']
  t.strictSame(mounts({ 'etc/fstab': fstab }), all)
  t.strictSame(
    mounts({ 'etc/fstab': fstab }, where => where.startsWith('/var/')),
    ['/var/lib', '/var/with blank'],
  )
  t.strictSame(mounts({ 'etc/fstab': { link: '/dev/null' } }), [])
  t.end()
})

t.test('units', t => {
  const name = String.raw`var-lib-my\x2ddata.mount`
  t.strictSame(mounts({ [`${units}/${name}`]: '[Mount]', ...wants(units, name) }), [
    '/var/lib/my-data',
  ])
  t.strictSame(
    mounts({ [`${units}/a-b.automount`]: '', ...wants('etc/systemd/system', 'a-b.automount') }),
    ['/a/b'],
  )
  t.strictSame(mounts({ [`${units}/a.mount`]: '' }), [], 'nothing wants it')
  t.strictSame(mounts({ [`${units}/x.wants`]: { link: '/nowhere' } }), [])
  t.strictSame(mounts({ [`${units}/a.service`]: '', ...wants(units, 'a.service') }), [])
  const masked = { 'etc/systemd/system/a.mount': { link: '/dev/null' } }
  t.strictSame(mounts({ [`${units}/a.mount`]: '', ...wants(units, 'a.mount'), ...masked }), [])
  t.end()
})
