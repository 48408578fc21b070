import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { Lab, makeKeyPair, makeOciArchive } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const at = (image: string) => `${registry.address}/${image}`

t.test('images of other architectures and from archives', async t => {
  for (const image of ['host:1', 'arm:1', 'risc:1'])
    await registry.pushIndex(image, {
      amd64: { files: { id: `${image} for amd64` } },
      arm64: { files: { id: `${image} for arm64` } },
      riscv64: { files: { id: `${image} for riscv64` } },
    })
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'host.image': imageSpec(registry, 'host:1', 'Arch=amd64'),
      'arm.image': imageSpec(registry, 'arm:1', 'Arch=arm64', 'OS=linux'),
      'risc.image': imageSpec(registry, 'risc:1', 'PodmanArgs=--platform=linux/riscv64'),
      'full.image':
        '[Image]\nImage=oci-archive:/usr/share/shop/full.tar\nImageTag=registry.invalid/shop/full:3\n',
      'short.image': '[Image]\nImage=oci-archive:/usr/share/shop/short.tar\nImageTag=short:3\n',
    }),
    'usr/share/shop/full.tar': {
      contents: makeOciArchive({ files: { id: 'full' } }, 'registry.invalid/shop/full:3'),
    },
    'usr/share/shop/short.tar': { contents: makeOciArchive({ files: { id: 'short' } }, 'short:3') },
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const names = [
    ...['host:1', 'arm:1', 'risc:1'].map(at),
    'registry.invalid/shop/full:3',
    'localhost/short:3',
  ]
  t.strictSame(await imagesOn(host, names), names)
  t.equal((await host.run('podman images --quiet | wc -l')).stdout, `${names.length}`)
  const architectures = await host.run(
    `podman image inspect --format '{{.Architecture}}' ${['host:1', 'arm:1', 'risc:1'].map(at).join(' ')}`,
  )
  t.equal(architectures.stdout, 'amd64\narm64\nriscv64')

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  await host.kill()
})

t.test('encrypted images', async t => {
  const plainKey = makeKeyPair()
  const lockedKey = makeKeyPair('open sesame')
  await registry.pushEncrypted('plain-key:1', plainKey.publicKey, { files: { id: 'plain' } })
  await registry.pushEncrypted('locked-key:1', lockedKey.publicKey, { files: { id: 'locked' } })
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'plain-key.image': imageSpec(
        registry,
        'plain-key:1',
        'DecryptionKey=/usr/share/shop/plain.pem',
      ),
      'locked-key.image': imageSpec(
        registry,
        'locked-key:1',
        'DecryptionKey=/etc/shop/locked.pem:open sesame',
      ),
    }),
    'usr/share/shop/plain.pem': { contents: plainKey.privateKey, mode: 0o600 },
    '/etc/shop/locked.pem': { contents: lockedKey.privateKey, mode: 0o600 },
  })
  await host.stage('v2')
  const { exitCode } = await host.run('systemctl start bootc-bound-images.target')
  t.equal(exitCode, 0)
  const names = ['plain-key:1', 'locked-key:1'].map(at)
  t.strictSame(await imagesOn(host, names), names)
  const { stdout } = await host.run('bootc-bound-images status')
  for (const spec of ['plain-key', 'locked-key'])
    t.match(stdout, new RegExp(`/${spec}:1 +present `))
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('what podman cannot read or decrypt holds the deployment back', async t => {
  const [key, otherKey] = [makeKeyPair(), makeKeyPair()]
  for (const image of ['no-key:1', 'other-key:1'])
    await registry.pushEncrypted(image, key.publicKey)
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'no-key.image': imageSpec(registry, 'no-key:1'),
      'other-key.image': imageSpec(
        registry,
        'other-key:1',
        'DecryptionKey=/usr/share/shop/key.pem',
      ),
      'missing.image': '[Image]\nImage=oci-archive:/usr/share/shop/no.tar\nImageTag=no:1\n',
      'damaged.image':
        '[Image]\nImage=oci-archive:/usr/share/shop/damaged.tar\nImageTag=damaged:1\n',
      'renamed.image': '[Image]\nImage=oci-archive:/usr/share/shop/named.tar\nImageTag=other:1\n',
    }),
    'usr/share/shop/key.pem': otherKey.privateKey,
    'usr/share/shop/damaged.tar': 'this is no archive\n',
    'usr/share/shop/named.tar': { contents: makeOciArchive({}, 'named:1') },
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, /no-key:1 +failed .*(?:does not match config's DiffID|processing tar file)/)
  t.match(stdout, /other-key:1 +failed .*decrypt/)
  t.match(
    stdout,
    /missing\.image .*, line 2, Image=: the root has no file \/usr\/share\/shop\/no\.tar/,
  )
  t.match(stdout, /localhost\/damaged:1 +failed .*untarring/)
  t.match(stdout, /localhost\/other:1 +(?:failed|missing) /, 'pulled, but not under that name')
  const said = await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)
  t.match(said.stdout, 'but podman has no image localhost/other:1: of an image from a file')
  t.notMatch(said.stdout, 'localhost/other:1 is damaged')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})
