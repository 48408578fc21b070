import t, { type Test } from 'tap'
import { boundImages, configured, imageSpec, pendingUnits } from '../bound-images.ts'
import { backend, type Files, type Host, Lab } from '../lab.ts'
import { isAtRest, isPulling, until } from '../until.ts'

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

async function pullAll(t: Test, host: Host): Promise<void> {
  t.match(await host.run(start), { exitCode: 0 })
  await until(host, isAtRest)
}

t.test(
  'an image that disappears after its pull is noticed, and pulled again on demand',
  async t => {
    // At the shutdown, the flush tries again.
    const host = await stagedHost(configured('RetryDelaySec=1'))
    await pullAll(t, host)
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

const gate = 'bootc-bound-images-gate.service'
const guard = 'bootc-bound-images-guard.service'
const program = (script: string) =>
  `printf '#!/bin/sh\\n${script}\\n' >/run/gate; chmod +x /run/gate
   mount --bind /run/gate /usr/lib/bootc-bound-images/bootc-bound-images`
/** What keeps the running OS although every image is there, and how. A reboot undoes it. */
const breaks: Readonly<Record<string, string>> = {
  'the program is gone': 'mount --bind /dev/null /usr/lib/bootc-bound-images/bootc-bound-images',
  'the program fails': program('exit 1'),
  'the program claims success': program('exit 0'),
  'the program is killed': program('kill -9 $$'),
  'the program hangs': `${program('exec sleep 1000')}
    mkdir -p /run/systemd/system/${gate}.d
    printf '[Service]\\nTimeoutStopSec=2\\n' >/run/systemd/system/${gate}.d/x.conf
    systemctl daemon-reload`,
  'the gate is stopped by hand': `systemctl stop ${gate}`,
  'the gate is masked': `systemctl mask --runtime --now ${gate}`,
  // With composefs, our lock changes what the path unit watches, and the next staging starts both again.
  // The service that finalizes is stopped with it, but after it: a shutdown that comes between takes over that stop.
  'the guard is stopped by hand': `systemctl stop bootc-bound-images.path ${guard}
    while systemctl --quiet is-active ${backend.finalizer}; do sleep 0.1; done`,
  'the service that finalizes is stopped by hand': `systemctl stop bootc-bound-images.path ${backend.finalizer}`,
}

/** Another vendor's, before and after the place of ours in the alphabet. */
const hooks: Files = Object.fromEntries(
  ['10-first', '60-second'].map(name => [
    `usr/lib/systemd/system/${backend.finalizer}.d/${name}.conf`,
    `[Service]\nExecStop=/bin/sh -c 'echo ${name} >>/var/hooks'\n`,
  ]),
)
const hooksRun = 'cat /var/hooks; rm -f /var/hooks'

t.test('whatever happens to the gate, the running OS stays; other hooks run', async t => {
  const host = await stagedHost(hooks)
  for (const [what, how] of Object.entries(breaks)) {
    await pullAll(t, host)
    t.match(await host.run(how), { exitCode: 0 }, what)
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v1', what)
    t.match(await host.run(hooksRun), { stdout: '10-first\n60-second' }, what)
    await host.stage('v2')
  }
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2', 'nothing of this lasts')
  t.match(await host.run(hooksRun), { stdout: '10-first\n60-second' })
  await host.kill()
})

t.test('a guard that is masked', async t => {
  const host = await stagedHost(configured('RetryLimit=2', 'RetryDelaySec=0', 'FlushTimeoutSec=5'))
  await pullAll(t, host)
  await host.run(`podman rmi --all; systemctl mask --runtime ${guard}`)
  await registry.stop()
  await host.shutdown()
  await registry.start()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1', 'after the staging: the gate locks by itself')
  await host.run(`systemctl mask --runtime --now ${guard}`)
  t.match(
    await host.run(`${backend.stageCommand('v2')} && ${start}`),
    { exitCode: 1 },
    'before the staging: that or the wait fails',
  )
  t.match((await host.run('bootc-bound-images status')).stdout, /WARNING: (?!podman )/)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})

t.test('isolate and rescue are no shutdown', async t => {
  const host = await stagedHost(configured('ResolveTimeoutSec=0', 'RetryDelaySec=1'))
  await pullAll(t, host)
  await host.run('podman rmi --all')
  registry.fail({ match: '/manifests/', mode: 'hang' })
  for (const target of ['multi-user.target', 'rescue.target'])
    await host.run(`systemctl isolate ${target}`, { timeoutMs: 60_000 })
  registry.heal()
  t.match(await host.run(`ls ${backend.mark}`), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('another deployment is staged while the gate looks', async t => {
  const podman = `#!/bin/sh
grep -q '/${gate}$' /proc/self/cgroup || exec /usr/bin/podman "$@"
touch /var/lib/containers/gate-looks
until [ -e /var/lib/containers/staged-again ]; do sleep 0.1; done
exec /usr/bin/podman "$@"
`
  // The tool has systemd start its service, which fails during a shutdown. ostree 2022.7 does not.
  const late = `[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'until [ -e /var/lib/containers/gate-looks ]; do sleep 0.1; done; export PATH=/usr/local/lib/fake:$$PATH; ${backend.stageCommand('v3')}; touch /var/lib/containers/staged-again'
`
  const host = await stagedHost({
    ...configured('RetryLimit=2', 'RetryDelaySec=0'),
    'usr/local/bin/podman': { mode: 0o755, contents: podman },
    'usr/local/lib/fake/systemctl': { mode: 0o755, contents: '#!/bin/sh\n' },
    'usr/lib/systemd/system/late.service': late,
  })
  await host.commit('v3', boundImages({ 'nope.image': imageSpec(registry, 'nope:1') }))
  t.match(await host.run(start), { exitCode: 0 })
  await host.run('systemctl start late.service')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match((await host.run('bootc-bound-images status')).stdout, /nope:1 +/)
  await host.kill()
})

t.test('a refusal without a reboot is over when the images are there', async t => {
  const host = await stagedHost(configured('RetryDelaySec=1', 'ResolveTimeoutSec=0'))
  t.match(await host.run(start), { exitCode: 0 })
  const service = backend.finalizer
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
