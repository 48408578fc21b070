import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readRequest } from '../../lib/request/request.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const usr = 'usr/share/containers/storage.conf'
const settings = 'usr/lib/bootc-bound-images.conf'
const graphRoot = (path: string) => `[storage]\ngraphroot = "${path}"\n`
const stores = (...paths: readonly string[]) =>
  `[storage.options]\nadditionalimagestores = ${JSON.stringify(paths)}\n`

/** How a root in `root` sees the store of a host in `host`. */
function seeStore(t: Pick<Test, 'testdir'>, tree: Tree, root = 'root') {
  const top = makeTree(t, { 'root/usr/': '', 'host/usr/': '', ...tree })
  const hostRoot = join(top, 'host')
  return readRequest(join(top, root), { hostRoot, podmanVersion: [5, 4] }).store
}

t.test('the same store', t => {
  const own = ['/var/lib/containers/storage']
  t.strictSame(seeStore(t, {}), { own, additional: [], obstacle: undefined })
  t.strictSame(seeStore(t, { [`host/${usr}`]: graphRoot('/a') + stores('/x') }, 'host'), {
    own: ['/a'],
    additional: ['/x'],
    obstacle: undefined,
  })
  const linked = {
    [`host/${usr}`]: graphRoot('/srv/images'),
    [`root/${usr}`]: graphRoot('/srv/images'),
    'host/srv': { link: 'data' },
    'host/data/images/': '',
    'root/srv': { link: 'data' },
    'root/data/': '',
  }
  t.match(seeStore(t, linked), { own: ['/data/images'], obstacle: undefined }, 'on a mounted disk')
  const store = '[BoundImages]\nStore=/var/images\n'
  t.match(
    seeStore(t, {
      [`host/${settings}`]: store,
      [`root/${settings}`]: store,
      [`root/${usr}`]: graphRoot('/x') + stores('/usr/x'),
      'root/usr/x/': '',
    }),
    { own: ['/var/images'], additional: ['/usr/x'], obstacle: undefined },
    'Store= comes before storage.conf',
  )
  t.equal(
    readRequest(makeTree(t, { 'usr/': '' }), { hostRoot: undefined, podmanVersion: [5, 4] }).store,
    undefined,
  )
  t.end()
})

t.test('another store', t => {
  const obstacle = (tree: Tree) => seeStore(t, tree)?.obstacle
  t.equal(
    obstacle({ [`root/${usr}`]: graphRoot('/var/images') }),
    'the next OS keeps images in /var/images, and this OS in /var/lib/containers/storage; set graphroot= and imagestore= in /etc/containers/storage.conf, which both read',
  )
  t.match(
    obstacle({
      [`host/${usr}`]: graphRoot('/srv'),
      [`root/${usr}`]: graphRoot('/srv'),
      'root/srv': { link: 'usr' },
    }),
    /the next OS keeps images in \/srv, and this OS in \/srv;/,
  )
  t.match(
    obstacle({ [`root/${settings}`]: '[BoundImages]\nStore=/var/images\n' }),
    /^the next OS keeps images in \/var\/images, and this OS in \S+; set Store= in \/etc\/bootc-bound-images.conf,/,
  )
  t.match(obstacle({ [`root/${usr}`]: 'x' }), /storage.conf: [^\n]*; correct the file$/)
  const store = '[BoundImages]\nStore=/var/images\n'
  const both = { [`host/${settings}`]: store, [`root/${settings}`]: store }
  const named = { ...both, [`host/${usr}`]: stores('/var/images') }
  t.match(obstacle(named), /^the next OS does not name \/var\/images \(Store=\)/)
  t.equal(obstacle({ ...named, [`root/${usr}`]: stores('/var/images') }), undefined)
  t.end()
})

t.test('links and directories that only one OS has', t => {
  const inBoth = graphRoot('/data/images')
  const obstacle = (tree: Tree) =>
    seeStore(t, { [`host/${usr}`]: inBoth, [`root/${usr}`]: inBoth, ...tree })?.obstacle
  const here = { 'host/data': { link: 'var/data' }, 'host/var/data/images/': '' }
  t.equal(obstacle({ ...here, 'root/data': { link: 'var/data' } }), undefined)
  t.match(
    obstacle({ ...here, 'root/data': { link: 'var/srv' } }),
    /^the next OS keeps images in \/data\/images, .*and this OS in \/var\/data\/images; /,
  )
  t.match(
    obstacle(here),
    /^the next OS keeps images in \/data\/images, where a link leads nowhere or /,
  )
  t.match(
    obstacle({ ...here, 'root/data': { link: 'srv' } }),
    /, where a link leads nowhere or nothing is, .*; ship \/data\/images in the OS image as it is here$/,
  )
  const additional = (path: string, tree: Tree = {}) =>
    seeStore(t, { [`root/${usr}`]: stores(path), ...tree })?.obstacle
  t.match(
    additional('/usr/lib/x'),
    /^the next OS has no \/usr\/lib\/x, which its storage.conf names/,
  )
  t.equal(additional('/usr/lib/x', { 'root/usr/lib/x': { link: '/sysroot/x' } }), undefined)
  t.equal(additional('/var/x'), undefined)
  t.end()
})

t.test('mounts that only one OS has', t => {
  const line = '# x\n/dev/x /var/lib/containers ext4 nofail 0 0\n'
  const obstacle = (tree: Tree) => seeStore(t, tree)?.obstacle
  const unit = 'usr/lib/systemd/system/var-lib.mount'
  const enabled = { [`root/usr/lib/systemd/system/local-fs.target.wants/var-lib.mount`]: '' }
  t.equal(obstacle({ 'host/etc/fstab': line, 'root/etc/fstab': line }), undefined)
  t.match(
    obstacle({ 'host/etc/fstab': line, 'host/usr/etc/fstab': line }),
    /^images are on a file system that this OS mounts at \/var\/lib\/containers, and the next OS does not; keep /,
  )
  t.match(
    obstacle({ [`root/${unit}`]: '[Mount]', ...enabled }),
    /^the next OS mounts a file system at \/var\/lib, which hides the images, and this OS does not; mount /,
  )
  t.equal(obstacle({ [`root/${unit}`]: '[Mount]' }), undefined, 'not enabled')
  t.equal(obstacle({ 'root/etc/fstab': '/dev/x /srv ext4 0 0' }), undefined, 'elsewhere')
  t.end()
})

t.test('the dedicated store', t => {
  const directory = '/var/lib/shared/bootc-bound-images'
  const store = '[BoundImages]\nStore=dedicated\n'
  const host = { [`host/${settings}`]: store }
  const named = { ...host, [`host/${usr}`]: stores(directory) }
  const own = [directory, '/var/lib/containers/storage']
  t.strictSame(seeStore(t, named, 'host'), { own, additional: [directory], obstacle: undefined })
  const line = `write additionalimagestores = ["${directory}"] below [storage.options] in /etc/containers/storage.conf`
  const unread = (who: string) => `${who} does not read ${directory} (Store=dedicated); ${line}`
  t.match(seeStore(t, host, 'host'), { own, obstacle: unread('this OS') })

  t.match(seeStore(t, named), { own: [directory], obstacle: unread('the next OS') })
  const next = { [`root/${usr}`]: graphRoot('/x') + stores('/y', directory) }
  t.match(seeStore(t, { ...host, ...next }), { own: [directory], obstacle: undefined })
  t.match(seeStore(t, { ...named, ...next, [`root/${settings}`]: store }), { obstacle: undefined })

  const image = { [`host/${usr}`]: `[storage]\nimagestore = "/x"\n${stores(directory)}` }
  const elsewhere = {
    obstacle:
      'podman would keep the images of Store=dedicated in /x; remove imagestore= from storage.conf',
  }
  t.match(seeStore(t, { ...host, ...image }, 'host'), elsewhere)
  t.match(seeStore(t, { ...host, ...image, ...next }), elsewhere)

  const toIt = { [`root/${settings}`]: store }
  t.match(seeStore(t, toIt), { own: ['/var/lib/containers/storage'], obstacle: undefined })
  t.match(seeStore(t, { ...toIt, [`root/${usr}`]: graphRoot('/x'), 'root/x/': '' }), {
    obstacle: /^the next OS keeps images in \/x, .*; set graphroot=/,
  })
  t.end()
})

t.test('another /var', t => {
  const deploy = 'host/sysroot/ostree/deploy'
  const tree = {
    [`${deploy}/debian/deploy/a.0/usr/`]: '',
    [`${deploy}/debian/deploy/b.0/usr/`]: '',
    [`${deploy}/other/deploy/c.0/usr/`]: '',
    'host/etc': { link: 'sysroot/ostree/deploy/debian/deploy/a.0/etc' },
    [`${deploy}/debian/deploy/a.0/etc/`]: '',
    [`${deploy}/debian/var/`]: '',
    'host/var': { link: 'sysroot/ostree/deploy/debian/var' },
  }
  const obstacle = (root: string, more: Tree = tree) =>
    seeStore(t, more, `${deploy}/${root}`)?.obstacle
  t.equal(obstacle('debian/deploy/b.0'), undefined)
  t.equal(
    obstacle('other/deploy/c.0'),
    'the deployment is in the stateroot other, whose /var has none of the images in that of debian; stage it with --os=debian',
  )
  const { 'host/var': _, ...own } = tree
  t.equal(obstacle('other/deploy/c.0', { ...own, 'host/var/': '' }), undefined, 'a shared disk')
  t.end()
})

t.test('a store in memory', { skip: process.platform !== 'linux' }, t => {
  const memory = mkdtempSync('/dev/shm/bound-images-')
  t.teardown(() => rmSync(memory, { recursive: true }))
  mkdirSync(join(memory, 'images'))
  const both = { [`host/${usr}`]: graphRoot('/images'), [`root/${usr}`]: graphRoot('/images') }
  const tree = { ...both, 'root/images/': '' }
  const inMemory = { ...tree, 'host/images': { link: join(memory, 'images') } }
  t.equal(
    seeStore(t, { ...inMemory, 'host/sysroot/': '' })?.obstacle,
    '/images is in memory (tmpfs), and its images are gone after the reboot; mount a disk there',
  )
  t.equal(
    seeStore(t, { ...inMemory, 'host/sysroot': { link: memory } })?.obstacle,
    undefined,
    'like the whole host',
  )
  t.equal(seeStore(t, { ...tree, 'host/images/': '' })?.obstacle, undefined)
  t.end()
})
