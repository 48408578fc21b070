// What is on disk only as far as podman knows: data that was not, or could not be, written to the disk.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { damagedImages } from '../campaign/damaged-images.ts'
import { Disks } from '../campaign/disks.ts'
import { type ImagePlan, pushImages } from '../campaign/images.ts'
import { mountDisk, unmountDisk } from '../disk-file.ts'
import { Lab } from '../lab.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const start = 'systemctl start bootc-bound-images.target'
const status = 'bootc-bound-images status'
const pullLog = `journalctl -b -o cat -u 'bootc-pending-*'`

/** A sync(1) that fails for whole file systems. */
const failingSync = {
  'usr/bin/sync': {
    contents: `#!/bin/sh
case $1 in -f | --file-system) echo "sync: error syncing '$2': Input/output error" >&2; exit 1 ;; esac
exec /usr/lib/lab/sync "$@"
`,
    mode: 0o755,
  },
  'usr/lib/lab/sync': { contents: readFileSync(join(lab.rootfs, 'usr/bin/sync')), mode: 0o755 },
} as const

t.test('every sync fails', async t => {
  const registry = await lab.registry()
  await registry.push('web:1')
  const settings = configured('RetryLimit=3', 'RetryDelaySec=2', 'ResolveTimeoutSec=0')
  const host = await lab.host({ v1: { ...settings, ...failingSync } })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  t.not((await host.run(start)).exitCode, 0, 'the target fails')
  const { stdout } = await host.run(pullLog)
  t.equal(stdout.split('Trying to pull').length - 1, 3, stdout)
  t.match(
    stdout,
    /retrying in [23][.\d]* s[^]*retrying in [4-6][.\d]* s[^]*giving up after 3 attempts/,
  )
  t.notMatch(stdout, /repeated too quickly/)
  const why = /web:1 +failed .*writing the image store to disk failed, check the disk: .*error/
  t.match(await host.run(status), { stdout: why })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: /web:1: failed: / })

  const none = await host.run(
    'rm /run/bootc-bound-images/boot; /usr/lib/bootc-bound-images/unmark-pull x /var 2>&1',
  )
  t.strictSame([none.exitCode, none.stdout], [0, ''], 'no pull of this boot has a mark')
  await host.kill()
})

t.test('the sync of the gate fails', async t => {
  const registry = await lab.registry()
  await registry.push('web:1')
  const host = await lab.host({ v1: failingSync })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.run('mount --bind /usr/lib/lab/sync /usr/bin/sync')
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.run('umount /usr/bin/sync')
  const refused = { exitCode: 1, stderr: /writing the image store to disk failed, check the disk/ }
  t.match(await host.run('bootc-bound-images gate'), refused)
  await host.run('mount --bind /usr/lib/lab/sync /usr/bin/sync')
  t.match(await host.run(status), { stdout: /writing images to disk failed: until/ })
  await host.run('rm /var/lib/bootc-bound-images/pulls/*')
  const unverified = { exitCode: 1, stderr: /not checked since writing images to disk failed/ }
  t.match(await host.run('bootc-bound-images gate'), unverified, 'the next sync proves nothing')
  t.match(await host.run(start), { exitCode: 0 }, 'it is read back')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

// The kernel says only once that it could not write, and drops the data.
t.test('a thin disk is full while a pull is written out', async t => {
  const registry = await lab.registry()
  const settings = configured('RetryDelaySec=4', 'RetryMaxDelaySec=4', 'ResolveTimeoutSec=0')
  const host = await lab.host({ v1: settings, boot: false })
  const memory = mkdtempSync(join(lab.dir, 'thin-'))
  const resize = (size: string) => execa('mount', ['-o', `remount,size=${size}`, memory])
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=2G', 'lab', memory])
  const disk = { fileSystem: 'ext4', file: join(memory, 'disk') } as const
  // The metadata is written in full, so that only data finds no room.
  const make = `truncate -s 1G "$0"; fill="dd if=/dev/zero of=$0 bs=1M count=120 conv=notrunc status=none"; $fill
    mkfs.ext4 -q -E nodiscard,packed_meta_blocks=1,lazy_itable_init=0,lazy_journal_init=0 "$0"
    dd if="$0" of="$0" bs=1M count=120 conv=notrunc status=none`
  await execa('sh', ['-euc', make, disk.file])
  await mountDisk(disk, host.var)
  await host.boot()
  const layer = { name: 'thin', size: 'big', delayMs: 0 } as const
  const images = await pushImages(registry, [{ name: 'web', layers: [layer] }])
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.run('sync -f /var; podman images; sync -f /var')
  const { stdout: used } = await execa('du', ['-k', disk.file])
  await resize(`${Number.parseInt(used, 10) + 600}k`)
  await host.stage('v2')
  await until(host, `${pullLog} | grep 'error syncing'`)
  await resize('2G')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run(pullLog), { stdout: /web:1 is damaged[^]*Trying to pull/ })
  await host.shutdown()
  await unmountDisk(host.var)
  await mountDisk(disk, host.var)
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await damagedImages(host, images), [])
  await host.kill()
  await unmountDisk(host.var)
})

/** An image of many files in two layers. */
const imagePlan = (name: string): ImagePlan => ({
  name,
  layers: [{ name, size: 'many files', delayMs: 0 }],
})

/** How a power failure leaves podman's layers: it does not know any more which one is on which. */
const loseLinks = 'cd /var/lib/containers/storage/overlay && truncate -s 0 */link */lower'

t.test('damaged images of others, one of them to be bound', async t => {
  const registry = await lab.registry()
  const images = await pushImages(registry, ['web', 'other', 'new'].map(imagePlan))
  const host = await lab.host({ v1: configured('RetryLimit=3', 'RetryDelaySec=1') })
  const specs = ['web', 'new'].map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  for (const name of ['web', 'other'])
    await host.run(`podman image pull --tls-verify=false ${registry.address}/${name}:1`)
  await host.run(loseLinks)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  const bound = images.filter(({ reference }) => !reference.includes('/other:'))
  t.strictSame(await damagedImages(host, bound), [])
  const { stdout } = await host.run('cat /var/lib/containers/storage/overlay-images/images.json')
  t.match(stdout, `${registry.address}/other:1`, 'what is not bound is left to its owner')
  await host.kill()
})

t.test('the power fails after others have pulled', async t => {
  const registry = await lab.registry()
  const images = await pushImages(registry, ['web', 'whole'].map(imagePlan))
  const [web, whole] = images.map(({ reference }) => reference)
  const host = await lab.host({ v1: configured('RetryDelaySec=1') })
  const specs = ['web', 'whole'].map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  for (const image of [web, whole]) await host.run(`podman image pull --tls-verify=false ${image}`)
  await host.kill()
  // What a power failure does to files that were not synced.
  const store = join(host.var, 'lib/containers/storage/overlay')
  const { stdout } = await execa('sh', [
    '-c',
    'find "$0" -path "*/diff/web/*" -type f -printf x -exec truncate -s 0 {} +',
    store,
  ])
  t.equal(stdout.length, 300)
  await host.boot()
  t.match(await host.run(status), { stdout: /the host went down without a shutdown: until/ })
  registry.forget()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.notMatch(await host.run(status), { stdout: /went down/ }, 'the store was checked')
  t.notOk(
    registry.requests.some(({ url, bytes }) => url.includes('/whole/blobs/') && bytes > 10_000),
    'what is whole is not fetched again',
  )
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await damagedImages(host, images), [])
  t.match(
    await host.run('ls /var/lib/bootc-bound-images/unfinished'),
    { stdout: '' },
    'after a shutdown, nothing is suspect',
  )
  await host.kill()
})

t.test('an image store on a disk of its own, whose power fails after the pulls', async t => {
  const registry = await lab.registry()
  const shelf = await Disks.open(lab)
  const storage = `[storage]
driver = "overlay"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
imagestore = "/var/lib/containers/images"
`
  const files = { 'usr/share/containers/storage.conf': storage }
  const v1 = { ...configured('ResolveTimeoutSec=0'), ...files }
  const host = await lab.host({ v1, boot: false })
  const at = join(host.var, 'lib/containers/images')
  mkdirSync(at, { recursive: true })
  const disk = await shelf.make('ext4')
  await mountDisk(disk, at)
  await host.boot()
  const images = await pushImages(registry, [imagePlan('web')])
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.run('podman images; sync -f /var/lib/containers/images')
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.freeze()
  const copy = shelf.copy(disk)
  await host.kill()
  await unmountDisk(at)
  await mountDisk(copy, at)
  await host.boot()
  t.strictSame(await damagedImages(host, images), [])
  await host.kill()
  await unmountDisk(at)
})
