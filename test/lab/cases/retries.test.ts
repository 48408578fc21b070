import t from 'tap'
import { boundImages, configured, fewQuickTries, imageSpec } from '../bound-images.ts'
import { Lab, makeLayer } from '../lab.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')
// Not 503: podman 5.8 tries again by itself after that.
const fails500Twice = { match: '/web/manifests/', status: 500, times: 2 } as const

async function hostWithWeb() {
  registry.heal()
  registry.forget()
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  return host
}

const tries = () => registry.requests.filter(({ url }) => url.includes('/web/manifests/'))

t.test('500 twice: the third try succeeds, and who waits is told so', async t => {
  const host = await hostWithWeb()
  registry.fail(fails500Twice)
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(
    tries().map(({ status }) => status),
    [500, 500, 200],
  )
  const [first = 0, second = 0, third = 0] = tries().map(({ at }) => at)
  t.ok(second - first >= 1000, 'the first delay')
  t.ok(third - second >= 2000, 'the second is longer')
  t.match(await host.run(`journalctl --output=cat -u 'bootc-pending-*'`), {
    stdout: /500[^]*retrying in 1\.\d+ s[^]*500[^]*retrying in [23]\.\d+ s/,
  })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('the same with a daemon-reload every half second', async t => {
  const host = await hostWithWeb()
  registry.fail(fails500Twice)
  await host.run(
    'systemd-run --unit=reloads sh -c "while :; do systemctl daemon-reload; sleep 0.5; done"',
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(
    tries().map(({ status }) => status),
    [500, 500, 200],
  )
  const [first = 0, second = 0, third = 0] = tries().map(({ at }) => at)
  t.ok(second - first >= 1000, 'the first delay was not cut')
  t.ok(third - second >= 2000, 'nor was the second')
  await host.run('systemctl stop reloads')
  await host.kill()
})

t.test('who waits for the layers of another pull waits for all its tries', async t => {
  registry.heal()
  const base = makeLayer({ bytes: 300_000 })
  const names = ['shop-1:1', 'shop-2:1', 'shop-3:1', 'shop-4:1']
  for (const name of names) await registry.push(name, { layers: [base], files: { name } })
  const host = await lab.host({ v1: configured('RetryDelaySec=2') })
  const specs = names.map((name, index) => [`${index}.image`, imageSpec(registry, name)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  registry.fail({ match: base.digest, delayMs: 2000 })
  registry.fail({ match: base.digest, status: 500, times: 2 })
  registry.forget()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(
    registry.requests.filter(({ url }) => url.endsWith(base.digest)).map(({ status }) => status),
    [500, 500, 200],
  )
  await host.kill()
})

t.test('started before anything is rendered, the target waits and tells the truth', async t => {
  const host = await hostWithWeb()
  registry.fail({ match: '/web/manifests/', delayMs: 1500 })
  // Nobody else renders: only the start of the target does.
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  t.match(
    await host.run('ls /run/bootc-bound-images/units'),
    { exitCode: 2 },
    'nothing is rendered',
  )
  t.match(
    await host.run(
      `systemctl start bootc-bound-images.target && podman image exists ${registry.address}/web:1`,
    ),
    { exitCode: 0 },
  )
  await host.shutdown()

  const failing = await hostWithWeb()
  registry.fail({ match: '/web/manifests/', status: 500 })
  await failing.stage('v2')
  t.match(await failing.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  await failing.kill()
})

t.test('a pull ends when its registry sends nothing, not when it is slow', async t => {
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      'usr/lib/bootc-bound-images.conf.d/timeout.conf': '[BoundImages]\nStallTimeoutSec=4\n',
    },
  })
  const [stalled, slow] = [makeLayer({ bytes: 300_000 }), makeLayer({ bytes: 15_000 })]
  await registry.push('stalled:1', { layers: [stalled] })
  await registry.push('slow:1', { layers: [slow] })
  await registry.push('locked:1')
  const names = ['web', 'stalled', 'slow', 'locked']
  const specs = names.map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  registry.heal()
  registry.forget()
  registry.fail({ match: '/web/manifests/', mode: 'hang', times: 1 })
  registry.fail({ match: stalled.digest, mode: 'hang', afterBytes: 100_000, times: 1 })
  registry.fail({ match: slow.digest, bytesPerSecond: 1000 })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const requests = (name: string) => registry.requests.filter(({ url }) => url.includes(name))
  t.equal(requests(stalled.digest).length, 2)
  t.equal(requests(slow.digest).length, 1, 'a slow pull is not ended')
  t.match(
    await host.run(`journalctl -b -o cat -u 'bootc-pending-*' | grep -c 'nothing was received'`),
    {
      stdout: '2',
    },
  )
  t.notMatch((await host.run('pgrep -f until-stalled')).stdout, /./, 'nothing watches any more')
  t.match(await host.run('ls -d /var/tmp/container_images*'), { exitCode: 2 }, 'no remains')
  await host.kill()
})

t.test('RandomizedDelaySec= delays all pulls of a staging alike, and no shutdown', async t => {
  registry.heal()
  await registry.push('db:1')
  const v1 = configured('RandomizedDelaySec=12h', 'ResolveTimeoutSec=0')
  const host = await lab.host({ v1 })
  const names = ['web', 'db']
  const specs = names.map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  registry.forget()
  await host.stage('v2')
  const said = `journalctl -b -o cat -u 'bootc-pending-*' | grep '^starting in'`
  await until(host, `[ $(${said} | wc -l) -eq 2 ]`)
  t.strictSame(registry.requests, [])
  const delays = (await host.run(said)).stdout.split('\n').map(line => Number(/\d+/u.exec(line)))
  const [one = NaN, other = NaN] = delays
  t.ok(Math.abs(one - other) <= 5, delays.join())
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})
