// What registries.conf and the environment say about the way to a registry holds for both questions that are asked
// there: what a name means, and for the layers.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { boundImages, configured, imagesOn } from '../bound-images.ts'
import { imageArchitecture } from '../../../lib/bound-images/platform.ts'
import { type Files, Lab, makeLayer } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const origin = await lab.registry()
const start = 'systemctl start bootc-bound-images.target'
const fewTries = configured('RetryLimit=2', 'RetryDelaySec=1', 'RetryMaxDelaySec=1')

const specs = (...images: readonly string[]) =>
  boundImages(
    Object.fromEntries(
      images.map((image, index) => [`i${index}.image`, `[Image]\nImage=${image}\n`]),
    ),
  )

const registries = (text: string): Files => ({
  '/etc/containers/registries.conf.d/50-lab.conf': text,
})

const mirrored = (location: string, ...mirrors: readonly string[]) =>
  registries(`[[registry]]
location = "${location}"
insecure = true
${mirrors.map(mirror => `[[registry.mirror]]\nlocation = "${mirror}"\ninsecure = true\n`).join('')}`)

async function untilQuiet(read: () => number): Promise<void> {
  for (let last = NaN; last !== read();) {
    last = read()
    await sleep(2000)
  }
}

t.test('a fleet behind a pull-through cache costs its origin as much as one host', async t => {
  const cache = await lab.registry({ cacheOf: origin })
  const base = makeLayer({ bytes: 5_000_000 })
  const names = Array.from({ length: 4 }, (_, index) => `fleet-${index}:1`)
  for (const name of names)
    await origin.push(name, { layers: [base, makeLayer({ bytes: 300_000 })] })
  const images = names.map(name => `${origin.address}/${name}`)
  const update = { ...specs(...images), ...mirrored(origin.address, cache.address) }
  const hosts = await Promise.all(Array.from({ length: 8 }, () => lab.host()))
  for (const host of hosts) await host.commit('v2', update)
  origin.forget()
  const [first, ...others] = hosts
  const stage = async (host: (typeof hosts)[number]) => {
    await host.stage('v2')
    t.match(await host.run(start), { exitCode: 0 })
    t.strictSame(await imagesOn(host, images), images)
  }
  if (first !== undefined) await stage(first)
  // docker-registry fetches a layer once to pass it on and once more to keep it, and again for each who asks meanwhile.
  const unique = 5_000_000 + 4 * 300_000
  await untilQuiet(() => origin.blobBytes)
  const bytesOfOne = origin.blobBytes
  t.ok(bytesOfOne < 2.04 * unique, `${bytesOfOne} for ${unique} bytes`)
  await Promise.all(others.map(stage))
  t.equal(origin.blobBytes, bytesOfOne, 'seven more cost the origin nothing')
  t.ok(Math.abs(cache.blobBytes - 8 * unique) < 0.02 * 8 * unique, `${cache.blobBytes} bytes`)
  await Promise.all(
    hosts.map(async host => {
      await host.kill()
    }),
  )
})

t.test('a mirror that is off is passed over', async t => {
  await origin.push('web:1', { files: { id: 'web' } })
  const mirror = await lab.registry({ cacheOf: origin })
  await mirror.stop()
  const host = await lab.host()
  const image = `${origin.address}/web:1`
  await host.commit('v2', { ...specs(image), ...mirrored(origin.address, mirror.address) })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [image]), [image])
  await host.kill()
})

t.test('a blocked registry is not asked anything', async t => {
  await origin.push('web:1', { files: { id: 'web' } })
  const host = await lab.host({ v1: fewTries })
  await host.commit('v2', {
    ...specs(`${origin.address}/web:1`),
    ...registries(
      `[[registry]]\nlocation = "${origin.address}"\ninsecure = true\nblocked = true\n`,
    ),
  })
  origin.forget()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  t.strictSame(origin.requests, [])
  t.match((await host.run('bootc-bound-images status')).stdout, /web:1 +failed .* is blocked in /)
  await host.kill()
})

t.test('the proxy of the environment', async t => {
  // The lab's registry takes whole URLs as well, as a proxy does. The name means nothing to anybody else.
  await origin.push('web:1', { files: { id: 'web' } })
  const image = 'origin.invalid/web:1'
  const host = await lab.host({
    v1: {
      '/etc/systemd/system.conf.d/proxy.conf': `[Manager]\nDefaultEnvironment=HTTP_PROXY=http://${origin.address}\n`,
    },
  })
  await host.commit('v2', {
    ...specs(image),
    ...registries('[[registry]]\nlocation = "origin.invalid"\ninsecure = true\n'),
  })
  origin.forget()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [image]), [image])
  const asked = origin.requests
    .map(({ url }) => url)
    .filter(url => url.startsWith('http://origin.invalid/v2/web/manifests/'))
  t.ok(
    asked.some(url => url.endsWith('/1')),
    'to learn what the name means',
  )
  t.ok(
    asked.some(url => url.includes('/sha256:')),
    'to pull that',
  )
  await host.kill()
})

t.test('a registry and a mirror that serve manifests by tag only', async t => {
  const byTag = await lab.registry()
  const stopped = await lab.registry()
  await stopped.stop()
  const mirror = await lab.registry()
  const images = [`${byTag.address}/web:1`, `${stopped.address}/db:1`]
  await byTag.push('web:1', { files: { id: 'old' } })
  await mirror.push('db:1', { files: { id: 'db' } })
  const files = registries(`[[registry]]
location = "${byTag.address}"
insecure = true
[[registry]]
location = "${stopped.address}"
[[registry.mirror]]
location = "${mirror.address}"
insecure = true
pull-from-mirror = "tag-only"
`)
  const host = await lab.host({ v1: { ...fewTries, ...files } })
  const idOf = async (image = '') =>
    (await host.run(`podman image inspect --format '{{.Id}}' ${image}`)).stdout
  await host.run(`podman pull ${images[0]}`)
  const old = await idOf(images[0])
  await byTag.push('web:1', { files: { id: 'new' } })
  byTag.fail({ match: '/manifests/sha256:', status: 404 })
  await host.commit('v2', { ...specs(...images), ...files })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await idOf(images[0]), old, 'the running OS keeps its tag')
  await Promise.all([byTag, mirror].map(registry => registry.stop()))
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.not(await idOf(images[0]), old)
  t.strictSame(await imagesOn(host, images), images)
  await host.kill()
})

t.test('few requests for manifests', async t => {
  const registry = await lab.registry()
  const content = { files: { id: 'multi' } }
  const list = await registry.pushIndex('multi:1', {
    [imageArchitecture(process.arch)]: content,
    s390x: content,
  })
  const host = await lab.host({ v1: fewTries })
  const files = {
    ...fewTries,
    ...specs(`${registry.address}/multi:1`),
    ...registries(`[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`),
  }
  const manifests = () =>
    registry.requests.flatMap(({ url }) => /\/manifests\/(.*)$/u.exec(url)?.[1] ?? [])
  await host.commit('v2', files)
  await host.commit('v3', { ...files, 'usr/share/version': '3' })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const [tag, instance = '', ...byPodman] = manifests()
  t.equal(tag, '1')
  t.strictSame(byPodman, [list, instance], 'staging makes two, as podman does')
  await host.shutdown()
  await host.boot()
  registry.forget()
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(manifests(), ['1'], 'one for an unchanged tag')
  await host.kill()
})
