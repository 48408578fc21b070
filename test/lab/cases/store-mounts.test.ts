// Image stores on file systems of their own: each update ends with the new OS and all images, or with the old OS and a
// reason.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { boundImages, configured, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { isBundled } from '../install-product.ts'
import { fstab, network, storageConf } from '../stores.ts'
import { backend, type Files, type Host, Lab } from '../lab.ts'
import { hasLookedAtBoot, isRetrying, isStagingOver, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1']) await registry.push(image, { bytes: 100_000 })
const references = ['web:1', 'db:1'].map(image => `${registry.address}/${image}`)
const specs = boundImages({
  'web.image': imageSpec(registry, 'web:1'),
  'db.image': imageSpec(registry, 'db:1'),
})
const start = 'systemctl start bootc-bound-images.target'
/** A disk that comes up when a shell script has ended. */
const diskAfter = (script: string): Files => ({
  'usr/lib/systemd/system/lab-disk.service': `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=30
ExecStart=/bin/sh -c '${script}'
`,
})
/** When the boot waits for the tags, at the latest. */
const lateDisk = diskAfter(
  'while [ -e /var/lib/bootc-bound-images/deployments ] && [ "$(systemctl show -P SubState bootc-bound-images-activate.service)" = dead ]; do sleep 0.1; done',
)
/** At the first boot, a second after the look at each boot has begun. */
const laterDisk = diskAfter(
  '[ -e /var/lib/bootc-bound-images/deployments ] && exit; until systemctl is-active bootc-bound-images-boot.service; do sleep 0.1; done; sleep 1',
)

/** What was pulled below the mount point of the store. */
const imagesBelow = (host: Host) => {
  const list = join(host.var, 'lib/containers/storage/overlay-images/images.json')
  return existsSync(list) ? readFileSync(list, 'utf8') : []
}

async function hostWithV2(
  v1: Files,
  directories: readonly string[] = ['disk', 'lib/containers/storage'],
): Promise<Host> {
  const host = await lab.host({ v1, boot: false })
  for (const directory of directories) mkdirSync(join(host.var, directory), { recursive: true })
  await host.boot()
  await host.commit('v2', specs)
  return host
}

const journal = async (host: Host, boot: number) =>
  (await host.run(`journalctl -b ${boot} -o cat --no-hostname`)).stdout

const cycles = (log: string) =>
  log.split('\n').filter(line => /ordering cycle|Found dependency|to break/u.test(line))

/** Boots what is the default now, without a registry, and checks the OS and its images. */
async function isUpdated(t: Test, host: Host, names = references): Promise<void> {
  await registry.stop()
  await host.boot()
  await registry.start()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  await until(host, hasLookedAtBoot)
  for (const boot of [-1, 0]) t.strictSame(cycles(await journal(host, boot)), [], `boot ${boot}`)
  const { stdout } = await host.run('bootc-bound-images status')
  t.equal(stdout, 'No deployment is staged.')
}

async function isRefused(t: Test, host: Host, reason: RegExp): Promise<void> {
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, /was not allowed to become the default/u)
  t.match(stdout, reason)
}

async function stageAndPull(t: Test, host: Host): Promise<void> {
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
}

async function rebootAtOnce(host: Host): Promise<void> {
  await host.run(`${backend.stageCommand('v2')} && systemctl --no-block reboot`)
  await host.untilOff()
}

/** Stages while the registry is down; it is back at the shutdown. */
async function stageWithoutRegistry(host: Host): Promise<void> {
  await registry.stop()
  await host.stage('v2')
  await until(host, isRetrying)
  await registry.start()
}

const slow = configured('RetryDelaySec=1h', 'RetryMaxDelaySec=1h', 'ResolveTimeoutSec=0')

for (const [options, files] of [
  ['nofail,x-systemd.requires=lab-disk.service', lateDisk],
  ['_netdev,x-systemd.requires=lab-network.service', network],
] as const)
  t.test(`a mount at /var/lib/containers with ${options}`, async t => {
    const floating = `${registry.address}/app:latest`
    await registry.push('app:latest', { files: { version: 'old' } })
    const mount = fstab('/var/lib/containers', options)
    const host = await hostWithV2({ ...mount, ...files }, ['disk', 'lib/containers'])
    await host.run(`podman pull --tls-verify=false ${floating}`)
    const digest = await registry.push('app:latest', { files: { version: 'new' } })
    await host.commit('v2', boundImages({ 'app.image': imageSpec(registry, 'app:latest') }))
    await stageAndPull(t, host)
    await host.shutdown()
    await isUpdated(t, host, [floating])
    const { stdout } = await host.run(`podman image inspect --format '{{.Digest}}' ${floating}`)
    t.equal(stdout, digest, 'the tag is that of the new OS')
    t.notOk(existsSync(join(host.var, 'lib/containers/storage/libpod')), 'podman ran only in it')
    await host.kill()
  })

t.test('a container that starts with a mount of the network, right after an update', async t => {
  const floating = `${registry.address}/app:latest`
  await registry.push('app:latest', { files: { version: 'old' } })
  const names = [floating, ...references].join(' ')
  const host = await hostWithV2(
    {
      ...network,
      ...fstab('/var/lib/containers', '_netdev,x-systemd.requires=lab-network.service'),
    },
    ['disk', 'lib/containers'],
  )
  await host.run(`podman pull --tls-verify=false ${floating}`)
  const digest = await registry.push('app:latest', { files: { version: 'new' } })
  await host.commit('v2', {
    ...boundImages({
      'app.image': imageSpec(registry, 'app:latest'),
      'web.image': imageSpec(registry, 'web:1'),
      'db.image': imageSpec(registry, 'db:1'),
    }),
    'usr/lib/systemd/system/lab-container.service': `[Unit]
RequiresMountsFor=/var/lib/containers
[Service]
Type=oneshot
ExecStart=sh -c "for name in ${names}; do podman image inspect --format '{{.Digest}}' $name; done >/run/seen"
`,
    'usr/lib/systemd/system/multi-user.target.wants/lab-container.service': {
      symlink: '../lab-container.service',
    },
  })
  await rebootAtOnce(host)
  const stored = readFileSync(join(host.var, 'disk/storage/overlay-images/images.json'), 'utf8')
  for (const name of references) t.match(stored, `"${name}"`, 'a free name is given at once')
  await isUpdated(t, host, [floating, ...references])
  await until(host, 'systemctl is-active lab-container.service; [ -s /run/seen ]')
  const seen = (await host.run('cat /run/seen')).stdout.split('\n')
  t.equal(seen.length, 3, 'it finds the images')
  t.equal(seen[0], digest, 'the tag is that of the new OS')
  const late = await host.run('journalctl -b -o cat -u bootc-bound-images-activate-late.service')
  t.match(late.stdout, /Finished/u)
  await host.kill()
})

t.test('a mount with nofail at the store', async t => {
  const files = fstab('/var/lib/containers/storage', 'nofail')

  t.test('a reboot right after the staging', async t => {
    const host = await hostWithV2(files)
    await rebootAtOnce(host)
    await isUpdated(t, host)
    await host.kill()
  })

  t.test('a registry that is down at the staging, then the mount is gone', async t => {
    const host = await hostWithV2({ ...files, ...slow })
    await stageWithoutRegistry(host)
    await host.shutdown()
    await isUpdated(t, host)
    await host.kill()

    const other = await hostWithV2({ ...files, ...fewQuickTries })
    await registry.stop()
    await other.stage('v2')
    // A staging would mount it again.
    for (const end of [isRetrying, hasLookedAtBoot, isStagingOver]) await until(other, end)
    t.match(await other.run('umount /var/lib/containers/storage'), { exitCode: 0 })
    await registry.start()
    const gone = /storage is not the directory that staging saw: is its file system unmounted\?/u
    await until(other, `bootc-bound-images status | grep 'is its file system unmounted'`)
    await other.shutdown()
    await isRefused(t, other, gone)
    t.strictSame(imagesBelow(other), [], 'nothing was pulled below the mount point')
    await stageAndPull(t, other)
    await other.shutdown()
    await isUpdated(t, other)
    await other.kill()
  })

  t.test('a disk that is not there', async t => {
    const host = await hostWithV2({
      ...fstab('/var/lib/containers/storage', 'nofail,x-systemd.requires=lab-disk.service'),
      'usr/lib/systemd/system/lab-disk.service':
        '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=test -e /var/disk/is-there\n',
    })
    await host.stage('v2')
    const missing = /image store is not mounted at \/var\/lib\/containers\/storage/u
    t.match(await host.run(start), { exitCode: 1 })
    t.match(await host.run('bootc-bound-images status'), { stdout: missing })
    await host.shutdown()
    await isRefused(t, host, missing)
    t.strictSame(imagesBelow(host), [])
    await host.run('touch /var/disk/is-there')
    await stageAndPull(t, host)
    await host.shutdown()
    await isUpdated(t, host)
    await host.kill()
  })
})

t.test('a store below a mount with nofail, elsewhere', async t => {
  const store = storageConf('/var/data/containers/storage')
  const files = { ...store, ...fstab('/var/data', 'nofail') }
  const directories = ['disk', 'data']
  const lateFiles = {
    ...store,
    ...fstab('/var/data', 'nofail,x-systemd.requires=lab-disk.service'),
    ...laterDisk,
  }
  const host = await hostWithV2(lateFiles, directories)
  await until(host, hasLookedAtBoot)
  await rebootAtOnce(host)
  t.notOk(existsSync(join(host.var, 'data/containers')), 'podman ran only in it')
  await isUpdated(t, host)
  await host.kill()

  const other = await hostWithV2({ ...files, ...slow }, directories)
  await stageWithoutRegistry(other)
  await other.shutdown()
  await isUpdated(t, other)
  await other.kill()
})

t.test('a mount at overlay in the store, which podman unmounts', async t => {
  const overlay = 'lib/containers/storage/overlay'
  const host = await hostWithV2(fstab(`/var/${overlay}`, 'defaults'), ['disk', overlay])
  const reason = /podman unmounts \/var\/lib\/containers\/storage\/overlay .*: mount the disk at/u
  await rebootAtOnce(host)
  await isRefused(t, host, reason)
  await host.commit('no-images', {})
  await host.stage('no-images')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 }, 'needs no store')
  // the remedy
  await host.run('sed -i s,/overlay,, /etc/fstab')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'no-images')
  await stageAndPull(t, host)
  await host.shutdown()
  await isUpdated(t, host)
  await host.kill()
})

t.test('node from a system extension', { skip: isBundled }, async t => {
  const host = await lab.host({
    v1: {
      'usr/bin/node': undefined,
      'usr/lib/systemd/system/sysinit.target.wants/systemd-sysext.service': {
        symlink: '../systemd-sysext.service',
      },
    },
    boot: false,
  })
  const extension = join(host.var, 'lib/extensions/node/usr')
  mkdirSync(join(extension, 'bin'), { recursive: true })
  mkdirSync(join(extension, 'lib/extension-release.d'), { recursive: true })
  copyFileSync(join(lab.rootfs, 'usr/bin/node'), join(extension, 'bin/node'))
  writeFileSync(join(extension, 'lib/extension-release.d/extension-release.node'), 'ID=_any\n')
  await host.boot()
  await host.commit('v2', specs)
  await stageAndPull(t, host)
  await host.shutdown()
  await isUpdated(t, host)
  await host.kill()
})

t.test('a directory of images by itself, on a mount with nofail', async t => {
  const host = await hostWithV2(
    {
      ...storageConf('/var/lib/containers/storage', 'imagestore = "/var/images"'),
      ...fstab('/var/images', 'nofail'),
      ...fewQuickTries,
    },
    ['disk', 'images'],
  )
  await stageAndPull(t, host)
  await host.shutdown()
  await isUpdated(t, host)
  await host.kill()
})
