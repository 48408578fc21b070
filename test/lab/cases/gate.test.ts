import t from 'tap'
import { boundImages, configured, imageSpec, pendingUnits } from '../bound-images.ts'
import { type Files, Lab } from '../lab.ts'
import { isPulling, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1']) await registry.push(image)
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })
const start = 'systemctl start bootc-bound-images.target'

async function stagedHost(v1: Files = {}) {
  registry.heal()
  const host = await lab.host({ v1 })
  await host.commit('v2', web)
  await host.stage('v2')
  return host
}

t.test(
  'an image that disappears after its pull is noticed, and pulled again on demand',
  async t => {
    // At the shutdown, the flush tries again.
    const host = await stagedHost(configured('RetryDelaySec=1'))
    t.match(await host.run(start), { exitCode: 0 })
    await host.run('podman rmi --all')
    t.match(
      (await host.run('bootc-bound-images status')).stdout,
      /web:1 +missing .*no longer in the image store/,
    )
    const refusal = 'cat /var/lib/bootc-bound-images/refused.json'
    t.match(await host.run('bootc-bound-images gate'), { exitCode: 1 })
    t.match(await host.run(refusal), { exitCode: 1 }, 'an answer by hand refuses nothing')
    t.match(await host.run(start), { exitCode: 0 })
    t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
    await host.run('podman rmi --all')
    await registry.stop()
    await host.shutdown()
    await registry.start()
    await host.boot()
    t.equal(host.bootedVersion(), 'v1')
    t.match((await host.run('bootc-bound-images status')).stdout, /web:1 +missing/)
    await host.kill()
  },
)

t.test('a reboot in the middle of a pull stays on the running OS', async t => {
  const host = await stagedHost(configured('FlushTimeoutSec=2', 'ResolveTimeoutSec=0'))
  registry.fail({ match: '/web/manifests/', mode: 'hang' })
  await until(host, isPulling)
  await host.shutdown()
  registry.heal()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match((await host.run('bootc-bound-images status')).stdout, /web:1 +(missing|failed|pulling) /)
  await host.kill()
})

t.test('what is left of an earlier soft reboot refuses nothing', async t => {
  const host = await stagedHost()
  t.match(await host.run(start), { exitCode: 0 })
  await host.run('mkdir /run/nextroot')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.notMatch((await host.run('bootc-bound-images status')).stdout, /not allowed/)
  await host.kill()
})

t.test('a gate that hangs, or is gone, keeps the running OS', async t => {
  const breaks = {
    hangs: 'printf "#!/bin/sh\\nexec sleep 1000\\n" >/run/gate; sed -i s/90/2/',
    'is gone': 'rm -f /run/gate; sed -i s/90/90/',
  }
  for (const [what, how] of Object.entries(breaks)) {
    const host = await stagedHost()
    t.match(await host.run(start), { exitCode: 0 })
    await host.run(
      `d=/etc/systemd/system/ostree-finalize-staged.service.d; mkdir -p $d
       sed s,/usr/bin/bootc-bound-images,/run/gate, /usr/lib/systemd/system/ostree-finalize-staged.service.d/zz-bootc-bound-images.conf >$d/zz-bootc-bound-images.conf
       ${how} $d/zz-bootc-bound-images.conf; chmod +x /run/gate; systemctl daemon-reload`,
    )
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v1', what)
    await host.kill()
  }
})

t.test('a refusal without a reboot is over when the images are there', async t => {
  const host = await stagedHost(configured('RetryDelaySec=1', 'ResolveTimeoutSec=0'))
  t.match(await host.run(start), { exitCode: 0 })
  const service = 'ostree-finalize-staged.service'
  await host.run(`podman rmi --all; systemctl stop ${service}; systemctl mask --runtime ${service}`)
  const warning = /WARNING: a reboot does not apply what is staged/
  t.match((await host.run('bootc-bound-images status')).stdout, warning)
  t.match(await host.run(start), { exitCode: 1 }, 'it cannot be started')
  await host.run(`systemctl unmask --runtime ${service}`)
  t.match(await host.run(start), { exitCode: 0 })
  t.notMatch((await host.run('bootc-bound-images status')).stdout, warning)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('status warns when something else took the gate away', async t => {
  const host = await stagedHost()
  t.notMatch((await host.run('bootc-bound-images status')).stdout, /WARNING/)
  await host.run(
    `d=/etc/systemd/system/ostree-finalize-staged.service.d; mkdir -p $d
     printf '[Service]\\nExecStop=\\nExecStop=/usr/bin/ostree admin finalize-staged\\n' >$d/zzz.conf
     systemctl daemon-reload`,
  )
  t.match((await host.run('bootc-bound-images status')).stdout, /WARNING: the gate is not in place/)
  await host.kill()
})

t.test('a second staging while the first still pulls: the waiting start follows it', async t => {
  registry.heal()
  const host = await lab.host({ v1: configured('ResolveTimeoutSec=0') })
  await host.commit('v2', web)
  await host.commit('v3', boundImages({ 'db.image': imageSpec(registry, 'db:1') }))
  registry.fail({ match: '/web/manifests/', mode: 'hang' })
  await host.stage('v2')
  await until(host, isPulling)
  const waiting = host.run(start)
  await host.run('sleep 2')
  await host.stage('v3')
  t.match(await waiting, { exitCode: 0 })
  t.match(await host.run(`podman image exists ${registry.address}/db:1`), { exitCode: 0 })
  t.equal((await pendingUnits(host)).length, 1, 'the old pull is gone')
  t.match(await host.run('pgrep -f "web:[1]"'), { exitCode: 1 }, 'and its process')
  await host.shutdown()
  registry.heal()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
  await host.kill()
})
