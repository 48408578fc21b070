import t from 'tap'
import { boundImages, fewQuickTries, imageSpec } from '../bound-images.ts'
import { backend } from '../backend.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1']) await registry.push(image)

t.test('one image does not exist: the host stays on its OS and says which and why', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit(
    'v2',
    boundImages({
      'web.image': imageSpec(registry, 'web:1'),
      'nope.image': imageSpec(registry, 'nope:1'),
      'db.image': imageSpec(registry, 'db:1'),
    }),
  )
  await host.stage('v2')
  const start = await host.run('systemctl start bootc-bound-images.target')
  t.equal(start.exitCode, 1)
  for (const image of ['web:1', 'db:1'])
    t.match(await host.run(`podman image exists ${registry.address}/${image}`), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), {
    exitCode: 1,
    stderr: /nope:1: failed: .*manifest unknown[^]*must not become the default/,
  })

  // The same again: not a word of systemd's about a start that is repeated too quickly.
  registry.forget()
  const again = await host.run('systemctl start bootc-bound-images.target')
  t.equal(again.exitCode, 1)
  const tries = registry.requests.filter(({ url }) => url.includes('/nope/manifests/1'))
  t.equal(tries.length, 2, 'the pull was tried afresh, and its error is permanent')
  t.notOk(
    registry.requests.some(({ url }) => url.includes('/web/')),
    'what is there was not pulled again',
  )

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  const status = await host.run('bootc-bound-images status')
  t.equal(status.exitCode, 0)
  t.match(status.stdout, /^No deployment is staged\.$/m)
  t.match(
    status.stdout,
    /^Deployment [0-9a-f.]{66,128} was not allowed to become the default at 20/m,
  )
  t.match(status.stdout, /\/nope:1 +failed +bootc-pending-\S+ +.*manifest unknown/)
  t.match(status.stdout, /\/web:1 +present/)
  const json: unknown = JSON.parse((await host.run('bootc-bound-images status --json')).stdout)
  t.match(json, { images: [], gateInPlace: true, refused: { images: [{}, {}, {}] } })

  // The image appears, the same version is staged again: now it may.
  await registry.push('nope:1')
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.equal((await host.run('bootc-bound-images status')).stdout, 'No deployment is staged.')
  await host.kill()
})

t.test('after a failure, start tries afresh and succeeds when the registry is back', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await registry.stop()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images status'), {
    stdout: /\/web:1 +failed +\S+ +.*connection refused/,
  })
  await registry.start()
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test(
  'a pull that only the shutdown tried: why it failed, until something else is staged',
  async t => {
    const host = await lab.host({ v1: fewQuickTries })
    await host.commit('v2', boundImages({ 'gone.image': imageSpec(registry, 'gone:1') }))
    await host.commit('v3', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
    await host.run('systemctl stop bootc-bound-images.path')
    await host.stage('v2')
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v1')
    const why = (await host.run('bootc-bound-images status')).stdout
    t.match(why, /\/gone:1 +missing +bootc-pending-\S+ +.*manifest unknown/)
    t.match(why, /^Remedy: stage the update again/m)

    await host.stage('v3')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
    const { stdout } = await host.run('bootc-bound-images status')
    t.match(
      stdout,
      /^Earlier, at 20.*, deployment [0-9a-f.]{66,128} was not allowed to become the/m,
    )
    t.notMatch(stdout, /Remedy: stage|gone:1/)
    await host.kill()
  },
)

const isComposefs = backend.mark.includes('composefs')

t.test('something is staged in another way than the host was booted', async t => {
  const host = await lab.host()
  const other = isComposefs ? 'ostree' : 'composefs'
  await host.run(`mkdir -p /run/${other} && echo x >/run/${other}/staged-deployment`)
  const refused = {
    exitCode: 1,
    stderr:
      /^bootc-bound-images: \/run\/\w+\/staged-deployment: .* does not fit how this host was booted/,
  }
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images stage --wait'), refused)
  t.match(await host.run('bootc-bound-images gate'), refused)
  const status = await host.run('bootc-bound-images status --json')
  t.equal(status.exitCode, 1)
  t.match(JSON.parse(status.stdout), { error: /does not fit/, gateInPlace: false })
  await host.kill()
})

if (!isComposefs)
  t.test('a host that is booted from no deployment', async t => {
    const host = await lab.host()
    await host.run('rm /run/ostree-booted')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
    t.match(await host.run('bootc-bound-images status'), {
      exitCode: 1,
      stdout: /^Nothing is known about the images: this host was booted neither with ostree /,
    })
    await host.kill()
  })
