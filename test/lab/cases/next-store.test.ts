// Whether the next OS will find each image is asked of its own configuration, its own /var and what is left after the
// reboot.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { boundImages, configured, fewQuickTries, imageSpec } from '../bound-images.ts'
import { type Files, type Host, Lab, makeLayer } from '../lab.ts'
import { readDocumentedFaults } from '../documented-faults.ts'
import { untilFinalizable } from '../ostree-sysroot.ts'
import { hasLookedAtBoot, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const base = makeLayer({ bytes: 100_000 })
for (const image of ['web:1', 'upon:1', 'local:1'])
  await registry.push(image, { layers: [base], files: { id: image } })

const at = (image: string) => `${registry.address}/${image}`
const start = 'systemctl start bootc-bound-images.target'
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })

const storage = ({ graphRoot = '/var/lib/containers/storage', more = '' }) =>
  `[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "${graphRoot}"
${more}
`
const elsewhere = storage({ graphRoot: '/var/lib/images' })
const overlay = '/var/lib/containers/storage/overlay'
const vendorFile = 'usr/share/containers/storage.conf'

/** Stages it, and expects that it is refused before anything is pulled. */
async function isRefused(t: Test, host: Host, name: string, stage: string) {
  registry.forget()
  t.match(await host.run(`${stage} && ${untilFinalizable}`), { exitCode: 0 })
  t.match(await host.run(start), { exitCode: 1 }, name)
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, /web:1 +missing/, name)
  t.match(stdout, 'The pulls were not started: ', name)
  const gate = await host.run('bootc-bound-images gate')
  t.equal(gate.exitCode, 1, name)
  for (const text of says(name)) for (const output of [stdout, gate.stderr]) t.match(output, text)
  t.strictSame(
    registry.requests.filter(({ url }) => url.includes('/blobs/')),
    [],
    'nothing is pulled',
  )
}

/** The images on the booted host, whole, while there is no registry. */
async function hasImages(t: Test, host: Host, names: readonly string[]) {
  await until(host, hasLookedAtBoot)
  for (const name of names) {
    const { exitCode } = await host.run(`podman image save ${at(name)} >/dev/null`)
    t.equal(exitCode, 0, name)
  }
  await registry.start()
}

async function reboot(host: Host, options = {}) {
  await host.shutdown()
  await registry.stop()
  await host.boot(options)
}

const documented = readDocumentedFaults('Where the next OS does not look')
const says = (name: string) => documented.find(fault => fault.name === name)?.says ?? []

t.test('where the next OS does not look, nothing is pulled', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const updates: Readonly<Record<string, Files>> = {
    imagestore: { [vendorFile]: storage({ more: 'imagestore = "/var/lib/images"' }) },
    store: configured('Store=/var/lib/images'),
    dedicated: {},
    'storage-broken': { [vendorFile]: 'graphroot' },
    stateroot: {},
    'store-in-memory': {},
    mount: {
      'usr/lib/systemd/system/var-lib-containers.mount':
        '[Mount]\nWhat=/var/disk\nWhere=/var/lib/containers\nOptions=bind\n',
      'usr/lib/systemd/system/local-fs.target.wants/var-lib-containers.mount': {
        symlink: '../var-lib-containers.mount',
      },
    },
    'store-missing': {
      [vendorFile]: storage({
        more: '[storage.options]\nadditionalimagestores = ["/usr/lib/vendor/images"]',
      }),
    },
    overlay: {},
    graphroot: { 'usr/etc/containers/storage.conf': elsewhere },
  }
  t.strictSame(Object.keys(updates).toSorted(), documented.map(({ name }) => name).toSorted())
  for (const [name, files] of Object.entries(updates)) {
    await host.commit(name, { ...web, ...files })
    const isElsewhere = name === 'stateroot'
    const isInMemory = name === 'store-in-memory'
    if (name === 'dedicated')
      await host.run(`printf '[BoundImages]\\nStore=dedicated\\n' >/etc/bootc-bound-images.conf`)
    if (isElsewhere) await host.run('ostree admin os-init other')
    if (isInMemory)
      await host.run('mkdir -p /var/lib/containers; mount -t tmpfs x /var/lib/containers')
    if (name === 'overlay')
      await host.run(
        `mkdir -p /var/disk ${overlay}; echo '/var/disk ${overlay} none bind 0 0' >/etc/fstab; systemctl daemon-reload; systemctl start local-fs.target`,
      )
    const stage = `ostree admin deploy --stage debian/${name}${isElsewhere ? ' --os=other' : ''}`
    await isRefused(t, host, name, stage)
    if (isInMemory) await host.run('umount /var/lib/containers')
    if (name === 'overlay') await host.run('rm /etc/fstab; systemctl daemon-reload')
    await host.run('rm -f /etc/bootc-bound-images.conf')
  }
  await reboot(host)
  t.equal(host.bootedVersion(), 'v1')
  await registry.start()
  t.match((await host.run('bootc-bound-images status')).stdout, says('graphroot')[0] ?? 'a row')

  await host.commit('v2', {
    ...web,
    [vendorFile]: elsewhere,
  })
  await isRefused(t, host, 'graphroot', 'ostree admin deploy --stage debian/v2')
  // the remedy
  await host.run(`cat >/etc/containers/storage.conf <<'EOF'\n${storage({})}EOF`)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  await hasImages(t, host, ['web:1'])
  await host.kill()
})

t.test('an additional store that others change counts for nothing', async t => {
  const more = '[storage.options]\nadditionalimagestores = ["/usr/lib/bootc/storage"]'
  const link = { 'usr/lib/bootc/storage': { symlink: '/sysroot/shared' } }
  const host = await lab.host({ v1: { ...fewQuickTries, ...link }, boot: false })
  mkdirSync(join(host.sysroot, 'shared'))
  const withStore = { binds: [`${join(host.sysroot, 'shared')}:/var/shared`] }
  await host.boot(withStore)
  const pull = `podman --root /var/shared --runroot /run/shared pull --tls-verify=false ${at('web:1')}`
  t.match(await host.run(pull), { exitCode: 0 })
  await host.run(`cat >/etc/containers/storage.conf <<'EOF'\n${storage({ more })}EOF`)
  t.match(await host.run(`podman image exists ${at('web:1')}`), { exitCode: 0 })
  await host.commit('v2', {
    ...boundImages({
      'web.image': imageSpec(registry, 'web:1'),
      'upon.image': imageSpec(registry, 'upon:1'),
    }),
  })
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /web:1 +missing .*only in an additional image store that the next OS may lack: \/usr\/lib\/bootc\/storage/,
  )
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await reboot(host, withStore)
  t.equal(host.bootedVersion(), 'v2')
  const prune = 'podman --root /var/shared --runroot /run/shared rmi --all --force'
  t.match(await host.run(prune), { exitCode: 0 })
  await hasImages(t, host, ['web:1', 'upon:1'])
  await host.kill()
})

t.test('changes of a transient /etc do not count', async t => {
  const host = await lab.host({ v1: fewQuickTries, boot: false })
  await host.boot({ hasTransientEtc: true })
  const dropIn = '/etc/containers/systemd/web.image.d'
  const change = [
    `mkdir -p ${dropIn} /etc/bootc/bound-images.d`,
    `printf '[Image]\\nImage=${at('local:1')}\\n' >${dropIn}/50-local.conf`,
    'ln -s /dev/null /etc/bootc/bound-images.d/upon.image',
  ].join(' && ')
  t.match(await host.run(change), { exitCode: 0 })
  const specs = boundImages({
    'web.image': imageSpec(registry, 'web:1'),
    'upon.image': imageSpec(registry, 'upon:1'),
  })
  await host.commit('v2', specs)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host, { hasTransientEtc: true })
  t.equal(host.bootedVersion(), 'v2')
  await hasImages(t, host, ['web:1', 'upon:1'])

  // From an OS that keeps its /etc to one that does not.
  await host.shutdown()
  await host.boot()
  t.match(await host.run(change), { exitCode: 0 })
  const prepareRoot = { 'usr/lib/ostree/prepare-root.conf': '[etc]\ntransient=true\n' }
  await host.commit('v3', { ...specs, ...prepareRoot })
  await host.stage('v3')
  t.match((await host.run('bootc-bound-images status')).stdout, /upon:1 +present[^]*web:1 +present/)
  await host.kill()
})

t.test('SpecDirs= of the next OS counts, and nothing in /run', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const run = [
    'mkdir -p /run/bootc/bound-images.d',
    'ln -s /dev/null /run/bootc/bound-images.d/web.image',
    `printf '[BoundImages]\\nSpecDirs=\\nSpecDirs=/usr/lib/nowhere\\n' >/run/bootc-bound-images.conf`,
  ].join(' && ')
  t.match(await host.run(run), { exitCode: 0 })
  const specDirs = 'SpecDirs=/run/bootc/bound-images.d /usr/lib/shop/images.d'
  await host.commit('v2', {
    // The value of a later version of the product is none of this one's business.
    ...configured(specDirs, 'PullTimeoutSec=forever'),
    'usr/share/containers/systemd/web.image': imageSpec(registry, 'web:1'),
    'usr/lib/shop/images.d/web.image': { symlink: '/usr/share/containers/systemd/web.image' },
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match((await host.run('bootc-bound-images status')).stdout, /web:1 +present/)
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await host.run('podman rmi --all --force')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: /web:1: missing/ })
  await host.kill()
})
