import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { backend, type Host, Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })

/** Soft-reboots, and waits until systemd has finished booting again. */
async function softReboot(host: Host): Promise<void> {
  await host.run('systemctl --no-block soft-reboot')
  await host.untilSoftRebooted()
}

async function preparedHost(...settings: readonly string[]): Promise<Host> {
  registry.heal()
  const host = await lab.host({
    v1: configured('FlushTimeoutSec=2', 'ResolveTimeoutSec=0', ...settings),
  })
  await host.commit('v2', web)
  return host
}

/** Whether / is the root that was prepared. */
const isNextRoot = async (host: Host) =>
  (await host.run('test -e /usr/lib/bootc/bound-images.d/web.image')).exitCode === 0

t.test('a soft reboot passes when every image is there', async t => {
  const host = await preparedHost()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.run(backend.prepareSoftReboot('v2'))
  await softReboot(host)
  t.ok(await isNextRoot(host))
  await host.kill()
})

t.test(
  'no soft reboot into what the gate refused for a spec that only the merge brings',
  async t => {
    const host = await preparedHost()
    const spec = imageSpec(registry, 'nope:1')
    await host.run(`
    mkdir -p /etc/bootc/bound-images.d
    printf '%s' '${spec}' >/etc/bootc/bound-images.d/nope.image`)
    await host.stage('v2')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
    await host.run(backend.prepareSoftReboot('v2'))
    await softReboot(host)
    t.notOk(await isNextRoot(host))
    // On disk: a soft reboot of the lab leaves no /var on some hosts.
    const refusal = join(host.var, 'lib/bootc-bound-images/refused.json')
    t.match(readFileSync(refusal, 'utf8'), /nope:1[^]*manifest unknown/)
    await host.kill()
  },
)

t.test('a soft reboot without the images stays on the running OS', async t => {
  const breaks = {
    'an image is missing': '',
    'an image is missing, from rescue': 'systemctl isolate rescue.target',
    'the program is gone': 'mount --bind /dev/null /usr/lib/bootc-bound-images/bootc-bound-images',
  }
  for (const [what, how] of Object.entries(breaks)) {
    const host = await preparedHost()
    const isMissing = what.startsWith('an image')
    if (isMissing) registry.fail({ match: '/web/', status: 404 })
    await host.stage('v2')
    if (!isMissing)
      t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
    await host.run(backend.prepareSoftReboot('v2'))
    await host.run(how)
    await softReboot(host)
    t.notOk(await isNextRoot(host), what)
    t.match(await host.run('ls /run/nextroot/usr /run/ostree/nextroot-booted'), { exitCode: 2 })
    await host.kill()
  }
})
