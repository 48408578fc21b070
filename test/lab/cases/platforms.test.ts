// One list of images, wanted for two platforms.
import t from 'tap'
import { boundImages, fewQuickTries, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()

t.test(
  'each is pulled by the digest of its own, and neither takes the name of the other',
  async t => {
    await registry.pushIndex('multi:1', {
      amd64: { files: { id: 'amd64' } },
      arm64: { files: { id: 'arm64' } },
      s390x: { files: { id: 's390x' } },
    })
    const host = await lab.host()
    await host.commit(
      'v2',
      boundImages({
        'own.image': imageSpec(registry, 'multi:1'),
        'arm.image': imageSpec(registry, 'multi:1', 'Arch=arm64'),
        'mainframe.image': imageSpec(registry, 'multi:1', 'Arch=s390x', 'OS=linux'),
      }),
    )
    await host.stage('v2')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
    t.match(await host.run('podman image prune --force'), { exitCode: 0 })
    const { stdout } = await host.run(
      `podman image list --quiet --no-trunc | sort -u | xargs podman image inspect --format '{{.Architecture}}' | sort`,
    )
    t.strictSame(stdout.split('\n'), ['amd64', 'arm64', 's390x'])
    registry.forget()
    await registry.stop()
    t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v2')
    t.match(await host.run('podman image prune --force'), { exitCode: 0 })
    const images = await host.run('podman image list --quiet --no-trunc | sort -u | wc -l')
    t.equal(images.stdout, '3')
    await host.kill()
  },
)

t.test('--platform= is as good as Arch=', async t => {
  await registry.start()
  const host = await lab.host()
  await host.commit(
    'v2',
    boundImages({
      'own.image': imageSpec(registry, 'multi:1'),
      'arm.image': imageSpec(registry, 'multi:1', 'PodmanArgs=--platform=linux/arm64'),
    }),
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.match(await host.run('podman image prune --force'), { exitCode: 0 })
  const { stdout } = await host.run(
    `podman image list --quiet --no-trunc | sort -u | xargs podman image inspect --format '{{.Architecture}}' | sort`,
  )
  t.strictSame(stdout.split('\n'), ['amd64', 'arm64'])
  await host.kill()
})

t.test('an image of another platform that has the name already is not taken', async t => {
  const digest = await registry.pushIndex('multi:3', {
    amd64: { files: { id: 'amd64' } },
    arm64: { files: { id: 'arm64' } },
  })
  const host = await lab.host({ v1: fewQuickTries })
  const name = `${registry.address}/multi@${digest}`
  t.match(await host.run(`podman image pull --tls-verify=false ${name}`), { exitCode: 0 })
  const platform = `podman image inspect --format '{{.Architecture}}' ${name}`
  t.equal((await host.run(platform)).stdout, 'amd64')
  await host.run('systemctl stop bootc-bound-images.path')
  await host.commit(
    'v2',
    boundImages({ 'arm.image': imageSpec(registry, `multi@${digest}`, 'Arch=arm64') }),
  )
  await host.stage('v2')
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /missing .*the image of this name is for linux\/amd64, not linux\/arm64/,
  )
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.equal((await host.run(platform)).stdout, 'arm64')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('an image that says nonsense of itself keeps no other from being pulled', async t => {
  await registry.push('odd:1', { architecture: 'x" "y" {' })
  await registry.push('even:1')
  const host = await lab.host({ v1: fewQuickTries })
  const images = ['odd:1', 'even:1']
  const specs = images.map((image, index) => [`${index}.image`, imageSpec(registry, image)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: /odd:1: failed: / })
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, /even:1 +present/)
  await host.kill()
})

t.test('one name for two platforms: the gate does not take the one for the other', async t => {
  const digest = await registry.pushIndex('multi:2', {
    amd64: { files: { id: 'amd64' } },
    arm64: { files: { id: 'arm64' } },
  })
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit(
    'v2',
    boundImages({
      'own.image': imageSpec(registry, `multi@${digest}`),
      'arm.image': imageSpec(registry, `multi@${digest}`, 'Arch=arm64'),
    }),
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const gate = await host.run('bootc-bound-images gate')
  const why =
    /multi@sha256:\S+: missing: specs want this name for several platforms, and the image is for linux\//
  t.match(gate, { exitCode: 1, stderr: why })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})
