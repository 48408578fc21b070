import t from 'tap'
import { backend } from '../backend.ts'
import { boundImages, configured, imageSpec, imagesOn, pendingUnits } from '../bound-images.ts'
import { Lab } from '../lab.ts'
import { isPulling, isStagingOver, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1']) await registry.push(image, { files: { id: image } })
const [web, db] = [`${registry.address}/web:1`, `${registry.address}/db:1`]
const webSpec = { 'web.image': imageSpec(registry, 'web:1') }
const dbSpec = { 'db.image': imageSpec(registry, 'db:1') }
const quick = configured(
  'RetryLimit=2',
  'RetryDelaySec=1',
  'PullTimeoutSec=2',
  'ResolveTimeoutSec=0',
)
const start = 'systemctl start bootc-bound-images.target'
const isStored = (image: string) => `podman image exists ${image}`
const requestsFor = (name: string) =>
  registry.requests.filter(({ url }) => url.includes(`/${name}/`))

t.beforeEach(() => {
  registry.heal()
  registry.forget()
})

const deployV2 = backend.deployCommand?.('v2')
if (deployV2 !== undefined)
  t.test('what is deployed without a staging is pulled as soon as it is seen', async t => {
    const host = await lab.host({ v1: quick })
    await host.commit('v2', boundImages({ ...webSpec, ...dbSpec }))
    await host.run(`podman pull --tls-verify=false ${db}`)
    registry.forget()
    registry.fail({ match: '/web/manifests/', status: 500 })
    t.match(await host.run(deployV2), { exitCode: 0 })
    // A look at what was deployed meanwhile starts them again.
    await until(host, `${isStagingOver} && systemctl is-failed "bootc-pending-*"`)

    t.equal((await pendingUnits(host)).length, 1, 'what is there needs no unit')
    const { stdout } = await host.run('bootc-bound-images status')
    t.match(
      stdout,
      /^Not staged, so not held back by the gate, is the next deployment [0-9a-f.]{66,128}\nIMAGE/,
    )
    t.match(stdout, /\/web:1 +failed +bootc-pending-\S+ +.*500/)
    t.match(stdout, /\/db:1 +present +-$/m)
    t.match(
      (await host.run('journalctl -b -o cat -p warning -u bootc-bound-images-stage.service'))
        .stdout,
      /^[0-9a-f.]{66,128} lacks 1 of its bound images, and it becomes the running system at the next reboot, with or without them$/m,
    )
    t.match(await host.run(start), { exitCode: 1 })

    registry.heal()
    t.match(await host.run(start), { exitCode: 0 })
    t.strictSame(await imagesOn(host, [web]), [web])
    t.strictSame(requestsFor('db'), [], 'and no registry is asked for it')
    t.equal((await host.run('bootc-bound-images status')).stdout, 'No deployment is staged.')
    await registry.stop()
    await host.shutdown()
    await host.boot()
    await registry.start()
    t.equal(host.bootedVersion(), 'v2')
    t.strictSame(await imagesOn(host, [web, db]), [web, db])
    await host.kill()
  })

t.test('a rollback that is made the default, and whose image is gone', async t => {
  const host = await lab.host({ v1: { ...quick, ...boundImages(webSpec) } })
  await until(host, isStored(web))
  const files = { 'usr/lib/bootc/bound-images.d/web.image': undefined }
  await host.commit('v2', files)
  await host.stage('v2')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.run(`podman rmi ${web}`)
  await host.rollback()
  await until(host, isStored(web))
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})

t.test(
  'an image of the running OS that is gone is pulled at boot, which does not wait',
  async t => {
    const host = await lab.host({ v1: { ...quick, ...boundImages(webSpec) } })
    await until(host, isStored(web))
    await host.run(`podman rmi ${web}`)
    await host.shutdown()
    registry.fail({ match: '/web/manifests/', mode: 'hang', times: 1 })
    await host.boot({ until: 'multi-user.target' })
    await until(host, isPulling)
    t.match(
      (await host.run('journalctl -b -o cat -p warning -u bootc-bound-images-boot.service')).stdout,
      /^[0-9a-f.]{66,128} lacks 1 of its bound images, and it is the running system$/m,
    )
    t.match(
      (await host.run('bootc-bound-images status')).stdout,
      /^Bound images are missing from the running deployment [0-9a-f.]{66,128}\n[^]*web:1 +(?:pulling|retrying)/,
    )
    t.match(await host.run(start), { exitCode: 0 }, 'it waited for the second try')
    t.strictSame(await imagesOn(host, [web]), [web])

    await host.run(`podman rmi ${web}`)
    registry.fail({ match: '/web/manifests/', status: 500 })
    t.match(await host.run(start), { exitCode: 1 })
    await host.kill()
  },
)

t.test('a tag that the running OS has is not moved', async t => {
  const host = await lab.host({ v1: { ...quick, ...boundImages({ ...webSpec, ...dbSpec }) } })
  t.match(await host.run(start), { exitCode: 0 })
  const id = async () => (await host.run(`podman image inspect -f '{{.Id}}' ${web}`)).stdout
  const before = await id()
  await registry.push('web:1', { files: { id: 'newer' } })
  registry.forget()
  await host.run(`podman rmi ${db}`)
  t.match(await host.run(start), { exitCode: 0 })
  await host.run(`podman rmi ${db}`)
  await host.shutdown()
  await host.boot()
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [db]), [db])
  t.equal((await pendingUnits(host)).length, 1)
  t.equal(await id(), before)
  t.strictSame(requestsFor('web'), [])
  await host.kill()
})

t.test('the update that brings the product: its first boot pulls', async t => {
  const host = await lab.host({ v1: quick })
  await host.commit('without', {}, { base: 'base' })
  await host.commit('v2', boundImages(webSpec))
  await host.stage('without')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'without')
  t.match(await host.run('rm -rf /var/lib/bootc-bound-images; bootc-bound-images'), {
    exitCode: 127,
  })
  await host.stage('v2')
  await host.shutdown()
  await host.boot({ until: 'multi-user.target' })
  t.equal(host.bootedVersion(), 'v2')
  await until(host, isStored(web))
  t.match(await host.run(start), { exitCode: 0 })
  await host.kill()
})
