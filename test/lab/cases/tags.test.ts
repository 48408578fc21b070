// A floating tag means, in each deployment, what it meant when the deployment was staged.
import t, { type Test } from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { type Files, type Host, Lab } from '../lab.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const app = `${registry.address}/app:latest`
const start = 'systemctl start bootc-bound-images.target'
const specs = (version: string) => ({
  ...boundImages({ 'app.image': imageSpec(registry, 'app:latest') }),
  'usr/share/version': version,
})

const fewQuickTriesWithPlan = configured('RetryLimit=2', 'RetryDelaySec=1')

/** What is in the image that a container of that name would run. */
const contents = async (host: Host, name = app) =>
  (
    await host.run(
      `directory=$(podman image mount ${name}) && cat "$directory/id"; podman image unmount ${name} >/dev/null`,
    )
  ).stdout

async function reboot(host: Host): Promise<void> {
  await host.shutdown()
  await host.boot()
}

t.test('forth and back and forth, with the registry off', async t => {
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host()
  await host.commit('v2', specs('2'))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A')

  await registry.push('app:latest', { files: { id: 'B' } })
  await host.commit('v3', specs('3'))
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await contents(host), 'A', 'the running system keeps its image')
  await registry.stop()
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })

  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })

  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A', 'after the rollback')
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })

  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  t.equal((await host.run('bootc-bound-images status')).stdout, 'No deployment is staged.')

  // Nothing to do is told without Node.
  await host.shutdown()
  await host.boot({ withoutNode: true })
  const service = 'bootc-bound-images-activate.service'
  t.equal((await host.run(`systemctl is-active ${service}`)).stdout, 'active')
  t.equal(await contents(host), 'B')
  await host.shutdown()
  await registry.start()
})

/** Runs v2 with A behind the tag, which the registry has moved to B since; v3 wants the same tag. */
async function hostWithMovedTag(t: Test, settings: Files): Promise<Host> {
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host({ v1: settings })
  await host.commit('v2', { ...settings, ...specs('2') })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  await registry.push('app:latest', { files: { id: 'B' } })
  await host.commit('v3', specs('3'))
  return host
}

for (const settings of [[], ['ResolveTimeoutSec=0']])
  t.test(
    `a tag that has moved and that staging did not get to look up ${settings.join()}`,
    async t => {
      const host = await hostWithMovedTag(t, configured(...settings))
      // As if the shutdown had begun at once; what was said of another staging is nothing to this one.
      await host.run(
        'systemctl stop bootc-bound-images.path; echo the disk is full >/run/bootc-bound-images/refusal',
      )
      await host.stage('v3')
      await reboot(host)
      t.equal(host.bootedVersion(), 'v3')
      t.equal(await contents(host), 'B')
      await host.shutdown()
    },
  )

t.test('an image that came by its tag for one deployment is pulled again for the next', async t => {
  await registry.push('app:latest', { files: { id: 'A' } })
  const v1 = configured('ResolveTimeoutSec=0')
  const host = await lab.host({ v1 })
  await host.commit('v2', { ...v1, ...specs('2') })
  await host.commit('v3', { ...v1, ...specs('3') })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await registry.push('app:latest', { files: { id: 'B' } })
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  await host.shutdown()
})

t.test('what a tag was resolved to still counts when nobody answers any more', async t => {
  const host = await hostWithMovedTag(t, fewQuickTriesWithPlan)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  await registry.stop()
  // As "bootc upgrade --from-downloaded --apply" writes it anew.
  const file = '/run/ostree/staged-deployment'
  t.match(await host.run(`cp ${file} /run/next && mv /run/next ${file} && ${start}`), {
    exitCode: 0,
  })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  await registry.start()
  await host.shutdown()
})

t.test('what a tag was resolved to still counts when another deployment was looked at', async t => {
  const host = await hostWithMovedTag(t, fewQuickTriesWithPlan)
  registry.fail({ match: '/blobs/', status: 500 })
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 1 })
  await host.run('ostree checkout --repo=/ostree/repo debian/v2 /var/other-root')
  t.match(await host.run('bootc-bound-images stage --root /var/other-root --wait'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2', 'the older image is not that of the update')
  t.equal(await contents(host), 'A')
  registry.heal()
  await host.shutdown()
})

t.test('only the tag has moved: no layer is fetched twice', async t => {
  await registry.push('app:latest', { files: { id: 'C' } })
  const host = await lab.host()
  await host.commit('v2', specs('2'))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  await registry.push('other:1', { files: { id: 'C' } })
  await host.commit('v3', boundImages({ 'app.image': imageSpec(registry, 'other:1') }))
  registry.forget()
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.ok(registry.blobBytes < 1000, `${registry.blobBytes} bytes`)
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host, `${registry.address}/other:1`), 'C')
  await host.shutdown()
})

t.test('an image that was there by its tag alone is not lost with the tag', async t => {
  await registry.push('app:latest', { files: { id: 'D' } })
  const host = await lab.host({ v1: specs('1') })
  // The running system pulls what it lacks; as another program would have done it, by its tag.
  await until(host, `podman image exists ${app}`)
  const list = 'podman image list --format json'
  t.comment((await host.run(list)).stdout)
  await registry.push('app:latest', { files: { id: 'E' } })
  await host.commit('v2', specs('2'))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(await contents(host), 'E')
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })
  await host.rollback()
  await registry.stop()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v1')
  t.equal(await contents(host), 'D')
  await host.shutdown()
  await registry.start()
})

t.test('back to an image that lost its tag to a pull by tag', async t => {
  const host = await hostWithMovedTag(t, configured('ResolveTimeoutSec=0'))
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await contents(host), 'B', 'this cannot be helped')
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })
  await registry.stop()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A')
  await registry.start()
  await host.shutdown()
})

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
    await host.shutdown()
  })

t.test('a tag that somebody moves stays at later boots of the same deployment', async t => {
  const host = await hostWithMovedTag(t, {})
  t.match(await host.run(`podman image pull --tls-verify=false ${app}`), { exitCode: 0 })
  await reboot(host)
  t.match(await host.run('bootc-bound-images boot'), { exitCode: 0, stderr: '' })
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'B')
  await host.shutdown()
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
  await host.shutdown()
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
  await host.shutdown()
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
  await host.shutdown()
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
  await host.shutdown()
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
    await host.shutdown()
  },
)

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
  await host.shutdown()
})

t.test('a root that is named again: what came by its tag is pulled again', async t => {
  await registry.push('app:latest', { files: { id: 'A' } })
  const host = await lab.host({ v1: configured('ResolveTimeoutSec=0') })
  await host.commit('v2', specs('2'))
  const stage = 'bootc-bound-images stage --root /var/new-root --wait'
  await host.run('ostree checkout --repo=/ostree/repo debian/v2 /var/new-root')
  t.match(await host.run(stage), { exitCode: 0 })
  t.equal(await contents(host), 'A')
  await registry.push('app:latest', { files: { id: 'B' } })
  t.match(await host.run(stage), { exitCode: 0 })
  t.equal(await contents(host), 'B')
  await host.shutdown()
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
  await host.shutdown()
})
