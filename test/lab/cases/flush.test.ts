import t from 'tap'
import {
  boundImages,
  configured,
  fewQuickTries,
  imageSpec,
  imagesOn,
  pendingUnits,
} from '../bound-images.ts'
import { backend, type Files, type Host, Lab, makeLayer } from '../lab.ts'
import { isPulling, isRetrying, isStagingOver, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const images = ['web:1', 'cache:1', 'db:1']
for (const image of images) await registry.push(image, { bytes: 100_000 })
const references = images.map(image => `${registry.address}/${image}`)
const specs = boundImages({
  'web.image': imageSpec(registry, 'web:1'),
  'cache.image': imageSpec(registry, 'cache:1'),
  'db.image': imageSpec(registry, 'db:1'),
})

async function hostWithV2(v1: Files = {}): Promise<Host> {
  registry.heal()
  registry.forget()
  const host = await lab.host({ v1 })
  await host.commit('v2', specs)
  return host
}

const blobsOf = (image: string) =>
  registry.requests.filter(({ url }) => url.startsWith(`/v2/${image}/blobs/`))

async function bootedAfterwards(host: Host): Promise<string> {
  await host.boot()
  const version = host.bootedVersion()
  t.strictSame(await pendingUnits(host), [])
  t.equal((await host.run('systemctl --failed --no-legend')).stdout, '', 'nothing has failed')
  return version
}

t.test('a reboot asked for together with the staging, as by bootc upgrade --apply', async t => {
  const host = await hostWithV2()
  // In one command, and without a moment in between that the tool does not need.
  await host.run(`${backend.stageCommand('v2')} && systemctl --no-block reboot`)
  await host.untilOff()
  t.equal(await bootedAfterwards(host), 'v2')
  t.strictSame(await imagesOn(host, references), references)
  await host.shutdown()
})

t.test('pulls under way end by themselves, and no byte is fetched twice', async t => {
  const host = await hostWithV2(configured('ResolveTimeoutSec=0'))
  registry.fail({ match: '/blobs/', delayMs: 5000 })
  await host.stage('v2')
  await until(host, isPulling)
  // A staging that the shutdown interrupts is not believed: each pull would begin once more, and fetch its config.
  await until(host, isStagingOver)
  await host.shutdown()
  t.equal(await bootedAfterwards(host), 'v2')
  for (const image of ['web', 'cache', 'db'])
    t.equal(blobsOf(image).length, 2, `${image}: one layer, one config`)
  const { stdout } = await host.run('journalctl -b -1 -o cat -u bootc-bound-images-gate.service')
  t.match(stdout, /waiting for \d pulls? under way[^]*Every bound image of .* is on disk/)
  await host.shutdown()
})

t.test('a pull that waits for its next try is tried at once, not waited for', async t => {
  const host = await hostWithV2(
    configured('RetryDelaySec=1h', 'RetryMaxDelaySec=1h', 'ResolveTimeoutSec=0'),
  )
  registry.fail({ match: '/web/manifests/', status: 500, times: 1 })
  await host.stage('v2')
  await until(host, isRetrying)
  await host.shutdown({ timeoutMs: 60_000 })
  t.equal(await bootedAfterwards(host), 'v2')
  await host.shutdown()
})

t.test(
  'a pull that has used up its tries is not tried again, nor beside a broken spec',
  async t => {
    for (const broken of [{}, { 'broken.image': '[Image]\nImage=a b\n' }]) {
      const host = await hostWithV2(fewQuickTries)
      await host.commit('v3', boundImages({ 'web.image': imageSpec(registry, 'web:1'), ...broken }))
      registry.fail({ match: '/web/manifests/', status: 500 })
      await host.stage('v3')
      await until(host, 'systemctl is-failed "bootc-pending-*"')
      registry.forget()
      await host.shutdown()
      t.strictSame(registry.requests, [])
      t.equal(await bootedAfterwards(host), 'v1')
      await host.shutdown()
    }
    registry.heal()
  },
)

t.test('what the shutdown pulls comes in the order of the plan: each layer once', async t => {
  const base = makeLayer({ bytes: 300_000 })
  const names = ['shop-1:1', 'shop-2:1', 'shop-3:1', 'shop-4:1']
  for (const name of names) await registry.push(name, { layers: [base], files: { name } })
  const host = await hostWithV2(configured('RetryDelaySec=1h', 'RetryMaxDelaySec=1h'))
  const specs = names.map((name, index) => [`${index}.image`, imageSpec(registry, name)])
  await host.commit('v3', boundImages(Object.fromEntries(specs)))
  registry.fail({ match: '/blobs/', status: 500 })
  await host.stage('v3')
  // A second look at the staging would start the pulls again.
  for (const end of [isRetrying, isStagingOver]) await until(host, end)
  // On systemd 252 the others do not wait for a pull that has failed once.
  await host.run('systemctl stop "bootc-pending-*"')
  registry.heal()
  registry.fail({ match: base.digest, delayMs: 2000 })
  registry.forget()
  await host.shutdown({ timeoutMs: 60_000 })
  t.equal(await bootedAfterwards(host), 'v3')
  t.equal(registry.requests.filter(({ url }) => url.endsWith(base.digest)).length, 1)
  await host.shutdown()
})

t.test('a registry that is down, or says nothing, delays a shutdown within the limit', async t => {
  const quick = configured('RetryDelaySec=1', 'FlushTimeoutSec=4', 'ResolveTimeoutSec=0')
  const down = await hostWithV2(quick)
  await registry.stop()
  await down.stage('v2')
  const before = Date.now()
  await down.shutdown()
  t.ok(Date.now() - before < 30_000, 'it did not wait for all tries of systemd')
  await registry.start()
  t.equal(await bootedAfterwards(down), 'v1')
  t.match(
    (await down.run('bootc-bound-images status')).stdout,
    /was not allowed to become the default/,
  )
  await down.shutdown()

  const silent = await hostWithV2(quick)
  registry.fail({ match: '/manifests/', mode: 'hang' })
  await silent.stage('v2')
  await silent.shutdown({ timeoutMs: 60_000 })
  registry.heal()
  t.equal(await bootedAfterwards(silent), 'v1')
  await silent.shutdown()
})

t.test('a locked deployment delays no shutdown, and is not refused', async t => {
  const host = await hostWithV2(configured('ResolveTimeoutSec=0'))
  registry.fail({ match: '/manifests/', mode: 'hang' })
  for (const [how, command] of Object.entries(backend.lockedStageCommands('v2'))) {
    t.match(await host.run(command), { exitCode: 0 })
    const { stdout } = await host.run('bootc-bound-images status --json')
    t.match(JSON.parse(stdout), { role: 'staged', locked: true }, how)
    t.match((await host.run('bootc-bound-images status')).stdout, /^It is locked: /m)
    await host.shutdown({ timeoutMs: 60_000 })
    t.equal(await bootedAfterwards(host), 'v1', how)
    t.notMatch((await host.run('bootc-bound-images status')).stdout, /not allowed/)
    t.notMatch(
      (await host.run('journalctl -b -1 -o cat -u bootc-bound-images-guard')).stdout,
      /locking it/,
      'the lock of its user is enough',
    )
  }
  await host.shutdown()
})

t.test('a shutdown with nothing staged starts no program of ours', async t => {
  const host = await hostWithV2()
  await host.shutdown()
  await host.boot()
  t.notMatch((await host.run('journalctl -b -1 -o cat')).stdout, /bootc-bound-images\[/)
  await host.shutdown()
})
