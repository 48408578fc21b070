// A floating tag means, in each deployment, what it meant when the deployment was staged.
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { backend, Lab } from '../lab.ts'
import { movingTag, reboot } from '../moving-tag.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const { app, start, specs, contents, hostWithMovedTag } = movingTag(lab, registry)

const fewQuickTriesWithPlan = configured('RetryLimit=2', 'RetryDelaySec=1')

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

for (const settings of [[], ['ResolveTimeoutSec=0']])
  t.test(
    `a tag that has moved and that staging did not get to look up ${settings.join()}`,
    async t => {
      const host = await hostWithMovedTag(t, configured(...settings))
      // As if the shutdown had begun at once; what was said of another staging is nothing to this one.
      await host.run(
        'systemctl stop bootc-bound-images.path; echo the disk is full >>/run/bootc-bound-images/last-staging',
      )
      await host.stage('v3')
      await reboot(host)
      t.equal(host.bootedVersion(), 'v3')
      t.equal(await contents(host), 'B')
      await host.kill()
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
  await host.kill()
})

t.test('what a tag was resolved to still counts when nobody answers any more', async t => {
  const host = await hostWithMovedTag(t, fewQuickTriesWithPlan)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  await registry.stop()
  // As "bootc upgrade --from-downloaded --apply" writes it anew.
  const file = backend.mark
  t.match(await host.run(`cp ${file} /run/next && mv /run/next ${file} && ${start}`), {
    exitCode: 0,
  })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  await registry.start()
  await host.kill()
})

t.test('what a tag was resolved to still counts when another deployment was looked at', async t => {
  const host = await hostWithMovedTag(t, fewQuickTriesWithPlan)
  registry.fail({ match: '/blobs/', status: 500 })
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 1 })
  await host.run(backend.openRootCommand('v2', '/var/other-root'))
  t.match(await host.run('bootc-bound-images stage --root /var/other-root --wait'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2', 'the older image is not that of the update')
  t.equal(await contents(host), 'A')
  registry.heal()
  await host.kill()
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
  await host.kill()
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
  // Looks at v1 while the tag still means the image of v2.
  t.match(await host.run(start), { exitCode: 0 })
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
  await host.kill()
})
