// What has a tag, or was given a name to stay: in later deployments, after rollbacks, and until its last deployment goes.
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { backend, Lab } from '../lab.ts'
import { movingTag, reboot } from '../moving-tag.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const { app, start, specs, contents, hostWithMovedTag } = movingTag(lab, registry)

const updateThatLacksAnImage = {
  ...specs('3'),
  ...boundImages({
    'app.image': imageSpec(registry, 'app:latest'),
    'missing.image': imageSpec(registry, 'missing:1'),
  }),
}

for (const gate of ['warn', 'off'])
  t.test(`what is there has its tag when the rest is missing and Gate=${gate}`, async t => {
    const settings = configured(`Gate=${gate}`, 'RetryLimit=2', 'RetryDelaySec=1')
    const host = await hostWithMovedTag(t, settings)
    await host.commit('v3', updateThatLacksAnImage)
    await host.stage('v3')
    t.match(await host.run(start), { exitCode: 1 })
    await reboot(host)
    t.equal(host.bootedVersion(), 'v3')
    t.equal(await contents(host), 'B')
    await host.kill()
  })

t.test('a tag that somebody moves stays at later boots of the same deployment', async t => {
  const host = await hostWithMovedTag(t, {})
  t.match(await host.run(`podman image pull --tls-verify=false ${app}`), { exitCode: 0 })
  await reboot(host)
  t.match(await host.run('bootc-bound-images boot'), { exitCode: 0, stderr: '' })
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'B')
  await host.kill()
})

t.test('a tag that a pull for an update has moved comes back when that is refused', async t => {
  const settings = configured('ResolveTimeoutSec=0', 'RetryLimit=2', 'RetryDelaySec=1')
  const host = await hostWithMovedTag(t, settings)
  await host.commit('v3', updateThatLacksAnImage)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await contents(host), 'B', 'this cannot be helped')
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A')
  await host.kill()
})

t.test('after a rollback, an image that was removed gets its tag when it is back', async t => {
  const host = await hostWithMovedTag(t, {})
  const { stdout: id } = await host.run(`podman image inspect --format '{{.Id}}' ${app}`)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.match(await host.run(`podman image rm ${id}`), { exitCode: 0 })
  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  await until(host, '[ "$(bootc-bound-images status)" = "No deployment is staged." ]', 60)
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A')
  await host.kill()
})

t.test('also with an /etc that is new at each boot', async t => {
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host({ boot: false })
  await host.boot({ hasTransientEtc: true })
  for (const version of ['v2', 'v3']) {
    await registry.push('app:latest', { files: { id: version } })
    await host.commit(version, specs(version))
    await host.stage(version)
    t.match(await host.run(start), { exitCode: 0 })
    await host.shutdown()
    await host.boot({ hasTransientEtc: true })
    t.equal(host.bootedVersion(), version)
    t.equal(await contents(host), version)
  }
  await host.kill()
})

t.test('names that were given to stay go with their last deployment', async t => {
  const host = await hostWithMovedTag(t, configured('ResolveTimeoutSec=0'))
  const idOf = `podman image inspect --format '{{.Id}}' ${app}`
  const { stdout: id } = await host.run(idOf)
  for (const version of ['v3', 'v4', 'v5']) {
    await registry.push('app:latest', { files: { id: version } })
    await host.commit(version, { ...configured('ResolveTimeoutSec=0'), ...specs(version) })
    await host.stage(version)
    t.match(await host.run(start), { exitCode: 0 })
    const { exitCode } = await host.run(`podman image exists ${id}`)
    t.equal(exitCode, 0, 'its layers are left to podman image prune')
    if (version !== 'v5') await reboot(host)
  }
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })
  t.match(await host.run(`podman image exists ${id}`), { exitCode: 1 })
  const { stdout: kept } = await host.run("podman image list --format '{{.Tag}}' | grep -c keep")
  t.equal(kept, '2', 'those of the running deployment and of the one before')
  await host.kill()
})

t.test(
  'images that were pulled go with their last deployment, unless something uses them',
  async t => {
    const host = await lab.host()
    const other = await registry.push('other:1', { files: { id: 'other' } })
    const others = `${registry.address}/other@${other}`
    await host.run(`podman image pull --tls-verify=false ${others}`)
    const pulled: string[] = []
    const exist = async () => {
      const look = pulled.map(name => `podman image exists ${name} && echo yes || echo no`)
      return (await host.run(look.join('\n'))).stdout.split('\n')
    }
    for (const version of ['v2', 'v3', 'v4', 'v5', 'v6']) {
      const digest = await registry.push('app:latest', { files: { id: version } })
      pulled.push(`${registry.address}/app@${digest}`)
      await host.commit(version, specs(version))
      await host.stage(version)
      t.match(await host.run(start), { exitCode: 0 })
      if (version === 'v2') await host.run(`podman create --name user ${pulled[0]} x`)
      await reboot(host)
      t.equal(host.bootedVersion(), version)
      t.equal(await contents(host), version)
    }
    t.strictSame(await exist(), ['yes', 'no', 'yes', 'yes', 'yes'], 'a container uses the first')
    t.match(await host.run(`podman rm user && podman image exists ${others}`), { exitCode: 0 })
    await host.commit('v7', specs('v7'))
    await host.stage('v7')
    t.match(await host.run(start), { exitCode: 0 })
    t.strictSame(await exist(), ['no', 'no', 'no', 'yes', 'yes'])
    t.match(await host.run(`podman image exists ${others}`), { exitCode: 0 }, 'not ours')
    await host.kill()
  },
)

t.test('tags that were given go with the last deployment that needs the image', async t => {
  const host = await lab.host()
  const web = (version: string) => `${registry.address}/web:${version}`
  const versions = ['2', '3', '4', '5', '6']
  for (const version of versions) {
    await registry.push(`web:${version}`, { files: { id: version } })
    await host.commit(
      `v${version}`,
      boundImages({ 'web.image': imageSpec(registry, `web:${version}`) }),
    )
    if (version === '4') await host.run(`podman image pull --tls-verify=false ${web('4')}`)
    await host.stage(`v${version}`)
    t.match(await host.run(start), { exitCode: 0 })
    await reboot(host)
    if (version === '2') await host.run(`podman create --name user ${web('2')} x`)
    if (version === '3') await host.run(`podman image tag ${web('3')} localhost/mine:1`)
  }
  const tags = `podman image list --format '{{.Repository}}:{{.Tag}}' | grep -v none | sort`
  const kept = ['2', '4', '5', '6'].map(web)
  t.equal((await host.run(tags)).stdout, [...kept, 'localhost/mine:1'].toSorted().join('\n'))
  t.match(await host.run('podman rm user'), { exitCode: 0 })
  await host.commit('v7', boundImages({ 'web.image': imageSpec(registry, 'web:6') }))
  await host.stage('v7')
  t.match(await host.run(start), { exitCode: 0 })
  const { stdout } = await host.run(tags)
  t.equal(stdout, [web('4'), web('5'), web('6'), 'localhost/mine:1'].toSorted().join('\n'))
  await host.kill()
})

t.test('what is staged while other pulls run is settled though nobody waits for it', async t => {
  await registry.push('slow:1', { files: { id: 'slow' } })
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host()
  await host.commit('v2', boundImages({ 'slow.image': imageSpec(registry, 'slow:1') }))
  await host.commit('v3', specs('3'))
  registry.fail({ match: '/slow/blobs/', delayMs: 600_000 })
  await host.stage('v2')
  await until(host, "systemctl list-units --state=activating 'bootc-pending-*' | grep -q start")
  await host.stage('v3')
  const record =
    '/var/lib/bootc-bound-images/deployments/$(bootc-bound-images status --json | jq -r .deployment).json'
  await until(host, `[ -e ${record} ]`)
  t.pass()
  registry.heal()
  await host.kill()
})

t.test('a root that is named again: what came by its tag is pulled again', async t => {
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host({ v1: configured('ResolveTimeoutSec=0') })
  await host.commit('v2', specs('2'))
  const stage = 'bootc-bound-images stage --root /var/new-root --wait'
  await host.run(backend.openRootCommand('v2', '/var/new-root'))
  t.match(await host.run(stage), { exitCode: 0 })
  t.equal(await contents(host), 'A')
  await registry.push('app:latest', { files: { id: 'B' } })
  t.match(await host.run(stage), { exitCode: 0 })
  t.equal(await contents(host), 'B')
  await host.kill()
})

t.test('what is written down in part of the running deployment stays', async t => {
  const settings = configured('Gate=warn', 'ResolveTimeoutSec=0', 'RetryLimit=2', 'RetryDelaySec=1')
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host({ v1: settings })
  await host.commit('v2', { ...settings, ...updateThatLacksAnImage })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  await reboot(host)
  const ofApp = `jq -r '.images[] | select(.name == "${app}") | .id' /var/lib/bootc-bound-images/deployments/*.json`
  const { stdout: id } = await host.run(ofApp)
  t.match(id, /^[0-9a-f]{64}$/)
  for (const version of ['v3', 'v4']) {
    await registry.push('app:latest', { files: { id: version } })
    await host.commit(version, { ...settings, ...updateThatLacksAnImage, 'usr/v': version })
    await host.stage(version)
    await host.run(start)
  }
  t.equal(await contents(host), 'v4')
  t.equal((await host.run(ofApp)).stdout, id)
  await host.kill()
})
