// The root of a staged deployment of bootc's composefs backend is an image that must be mounted.
import t from 'tap'
import { boundImages, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')
const specs = boundImages({ 'web.image': imageSpec(registry, 'web:1') })
const start = 'systemctl start bootc-bound-images.target'

t.test('without the command of bootc, the root is mounted by hand', async t => {
  const host = await lab.host()
  await host.commit('v2', specs)
  await host.stage('v2')
  await host.run(
    `cp /usr/bin/bootc /run/bootc; sed -i '2i [ "$1" != internals ] || exit 1' /run/bootc; mount --bind /run/bootc /usr/bin/bootc`,
  )
  t.match(await host.run('bootc internals cfs mount x /mnt'), { exitCode: 1 })
  t.match(await host.run(`podman rmi --all; ${start}`), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  t.equal((await host.run('findmnt --list | grep -c bootc-bound-images/roots')).stdout, '0')
  await host.run('umount /usr/bin/bootc')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('a root that cannot be mounted is refused, with the reason', async t => {
  const host = await lab.host()
  await host.commit('v2', specs)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.run(
    'mount --bind /etc/os-release /sysroot/composefs/images/$(jq -r .depl_id /run/composefs/staged-deployment)',
  )
  t.match(await host.run(start), { exitCode: 1 })
  const why =
    /the root of [0-9a-f]{128} cannot be mounted: bootc internals cfs mount: .*; by hand, which needs Linux 6\.12 and util-linux 2\.41: /
  const status = await host.run('bootc-bound-images status')
  t.match(status, { exitCode: 1, stdout: why })
  t.notMatch(status.stdout, 'No deployment is staged')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: why })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match((await host.run('bootc-bound-images status')).stdout, why)
  await host.kill()
})

t.test('where nothing of /etc is kept, what the image ships counts', async t => {
  const host = await lab.host()
  const settings = '[etc]\nmount = "transient"\n'
  await host.commit('v2', { ...specs, 'usr/lib/composefs/setup-root-conf.toml': settings })
  await host.run(`
    mkdir -p /etc/bootc/bound-images.d
    ln -s /dev/null /etc/bootc/bound-images.d/web.image
    printf '%s' '${imageSpec(registry, 'here:1')}' >/etc/bootc/bound-images.d/here.image`)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, /\/web:1 +present/)
  t.notMatch(stdout, /here:1/)
  await host.kill()
})
