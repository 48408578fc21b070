import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { composefs } from '../../lib/backend/composefs.ts'
import { backendOf, requireKnownBackend } from '../../lib/backend/host-backend.ts'
import { ostree } from '../../lib/backend/ostree.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const [a, b, c] = ['a'.repeat(128), 'b'.repeat(128), 'c'.repeat(128)]
const mount = (directory: string, source: string) =>
  `35 1 0:31 / ${directory} ro,relatime shared:1 - overlay ${source} ro,lowerdir+=/x`
const mountinfo = (...lines: readonly string[]) => ({
  'proc/self/mountinfo': `${[mount('/', 'rootfs'), ...lines].join('\n')}\n`,
})
/** A host that runs a; mounted at /mnt/b is b. */
const hostWith = (test: Pick<typeof t, 'testdir'>, tree: Tree = {}) =>
  makeTree(test, {
    ...mountinfo(mount('/', `composefs:${a}`), mount('/mnt/b', `composefs:${b}`)),
    'run/composefs/': '',
    ...tree,
  })
const mark = (id: string, isLocked = false) =>
  `{"depl_id":"${id}","finalization_locked":${isLocked}}`
const roots = 'run/bootc-bound-images/roots'

t.test('the backend of a host', t => {
  t.equal(backendOf(hostWith(t)), composefs)
  for (const source of [`transient:composefs=${a}`, `composefs=${a}`])
    t.equal(backendOf(makeTree(t, mountinfo(mount('/', source)))), composefs, source)
  for (const source of ['composefs', `composefs:${a}0`, `xcomposefs:${a}`, '/dev/vda'])
    t.equal(backendOf(makeTree(t, mountinfo(mount('/', source)))), ostree, source)
  t.equal(backendOf(makeTree(t, {})), ostree)
  requireKnownBackend(hostWith(t))
  const host = hostWith(t, { 'run/ostree/staged-deployment': '' })
  t.throws(() => requireKnownBackend(host), { message: /^\/run\/ostree\/staged-deployment: / })
  t.end()
})

t.test('what is staged', t => {
  const host = hostWith(t)
  const file = join(host, composefs.stagedFile)
  const held = `${file}-held`
  t.equal(composefs.readStaged(host), undefined)
  t.equal(composefs.stagingTime(host), undefined)
  t.notOk(composefs.isLocked(host))
  writeFileSync(file, mark(b))
  const bytes = composefs.readStaged(host)
  t.equal(bytes?.toString(), mark(b))
  t.notOk(composefs.isLocked(host))
  t.strictSame(composefs.parseStaged(host, bytes ?? Buffer.of()), {
    name: b,
    root: join(host, roots, b),
  })
  const time = composefs.stagingTime(host)
  composefs.takeLock(host)
  composefs.takeLock(host)
  t.notOk(existsSync(file), 'bootc finds nothing')
  t.equal(composefs.readStaged(host)?.toString(), mark(b))
  t.equal(composefs.stagingTime(host), time)
  t.notOk(composefs.isLocked(host), 'it is ours')
  t.ok(composefs.isLockOurs(host))
  composefs.removeOurLock(host)
  composefs.removeOurLock(host)
  t.notOk(composefs.isLockOurs(host))
  t.equal(readFileSync(file, 'utf8'), mark(b))
  composefs.takeLock(host)
  writeFileSync(file, mark(c, true))
  t.notOk(composefs.isLockOurs(host), 'not for this one')
  t.ok(composefs.isLocked(host), 'staged since')
  composefs.removeOurLock(host)
  t.notOk(existsSync(held))
  t.equal(composefs.readStaged(host)?.toString(), mark(c, true))
  writeFileSync(file, mark(a))
  t.equal(composefs.readStaged(host), undefined, 'it is booted')
  for (const text of ['', '{}', 'null', mark('..'), `{"depl_id":"${b}"}`, `{"depl_id":["${b}"]}`])
    t.throws(() => composefs.parseStaged(host, Buffer.from(text)), {
      message: /staged-deployment is not a staged deployment of bootc/,
    })
  t.end()
})

t.test('deployments', t => {
  t.strictSame(composefs.deployments(makeTree(t, {})), [])
  const host = hostWith(t, {
    [`${composefs.listDirectory}/${a}/etc/`]: '',
    [`${composefs.listDirectory}/${b}/etc/`]: '',
    [`${composefs.listDirectory}/lost+found/`]: '',
  })
  const of = (name: string) => ({ name, root: join(host, roots, name) })
  t.strictSame(composefs.deployments(host), [of(a), of(b)])
  t.strictSame(composefs.running(host), of(a))
  t.strictSame(composefs.deploymentOf(host, '/mnt/b'), of(b))
  t.strictSame(composefs.deploymentOf(host, join(host, roots, c)), of(c))
  t.equal(composefs.deploymentOf(host, join(host, roots, 'c')), undefined)
  t.equal(composefs.deploymentOf(host, '/mnt/c'), undefined)
  t.ok(composefs.isRunning(host, host))
  t.ok(composefs.isRunning(host, join(host, roots, a)))
  for (const root of ['/mnt/b', '/mnt/c']) t.notOk(composefs.isRunning(host, root))
  t.equal(composefs.otherStateroot(host, '/mnt/b'), undefined)
  t.end()
})

t.test('/etc', t => {
  const host = hostWith(t)
  t.strictSame(composefs.runningEtc(host), {
    local: join(host, 'etc'),
    booted: join(host, roots, a, 'etc'),
  })
  t.equal(composefs.finalizedEtc(host, host), join(host, 'etc'))
  t.equal(composefs.finalizedEtc(host, '/mnt/b'), join(host, composefs.listDirectory, b, 'etc'))
  t.equal(composefs.finalizedEtc(host, '/mnt/c'), '/mnt/c/etc')
  t.equal(composefs.shippedEtc('/mnt/b'), '/mnt/b/etc')
  const unknown = makeTree(t, {})
  t.strictSame(composefs.runningEtc(unknown).booted, join(unknown, 'etc'))
  t.end()
})

const image = (id: string) => `/EFI/Linux/bootc/bootc_composefs-${id}.efi`
const entry = (number: number, id: string) =>
  `title x\nversion 1\nsort-key bootc-debian-${number}\noptions root=LABEL=x composefs=${id}\n`

t.test('what boots by default', t => {
  const entries = 'sysroot/boot/loader/entries'
  const host = hostWith(t, {
    [`${entries}/x-1.conf`]: entry(1, a),
    [`${entries}/x-2.conf`]: entry(0, `?${b}`),
    [`${entries}/y.conf`]: entry(0, '../..'),
    [`${entries}/z.conf`]: 'options quiet\n',
  })
  t.equal(composefs.defaultDeployment(host)?.name, b)
  rmSync(join(host, entries, 'x-2.conf'))
  t.equal(composefs.defaultDeployment(host)?.name, a)
  mkdirSync(join(host, 'boot'))
  renameSync(join(host, 'sysroot/boot/loader'), join(host, 'boot/loader'))
  t.equal(composefs.defaultDeployment(host)?.name, a)
  writeFileSync(join(host, 'boot/loader/entries/w.conf'), `sort-key a\nuki ${image(c)}\n`)
  t.equal(composefs.defaultDeployment(host)?.name, c)
  mkdirSync(join(host, 'sysroot/boot/grub2'))
  writeFileSync(
    join(host, 'sysroot/boot/grub2/user.cfg'),
    [b, a].map(id => `menuentry "x" {\n chainloader "${image(id)}"\n}\n`).join(''),
  )
  t.equal(composefs.defaultDeployment(host)?.name, b)
  t.equal(composefs.defaultDeployment(hostWith(t)), undefined)
  t.end()
})
