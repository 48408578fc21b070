// After a power failure in the middle of pulls, what podman has is checked; what is whole is never removed.
import t from 'tap'
import { boundImages, configured, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { type Host, Lab, makeLayer } from '../lab.ts'
import { hasLookedAtBoot, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const start = 'systemctl start bootc-bound-images.target'
const files = { 'etc/name/of/it': 'web' }

/** As the pulls of an earlier boot leave it when the power goes. */
const leaveMark = `
  mkdir -p /var/lib/bootc-bound-images/unfinished
  ln -s 11111111-2222-3333-4444-555555555555 /var/lib/bootc-bound-images/unfinished/bootc-pending-0-image`

async function hostWith(image: string): Promise<Host> {
  const host = await lab.host()
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, image) }))
  await host.commit('v3', {
    ...boundImages({
      'web.image': imageSpec(registry, image),
      'new.image': imageSpec(registry, 'new:1'),
    }),
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await until(host, hasLookedAtBoot)
  await host.run(leaveMark)
  registry.forget()
  return host
}

const journal = async (host: Host) =>
  (await host.run('journalctl -b -o cat -u bootc-bound-images-repair.service')).stdout

async function update(host: Host): Promise<void> {
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  const said = await journal(host)
  t.equal(said.split('checking the image store').length, 2, said)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
}

await registry.push('new:1')

t.test('a store that is whole', async t => {
  await registry.push('whole:1', { layers: [makeLayer({ files })] })
  const host = await hostWith('whole:1')
  const halves =
    '/var/lib/bootc-bound-images/deployments/x.json.next /var/lib/bootc-bound-images/x.next'
  await host.run(`touch ${halves}`)
  await update(host)
  const blobs = registry.requests.filter(({ url }) => url.includes('/whole/blobs/'))
  t.ok(blobs.reduce((sum, { bytes }) => sum + bytes, 0) < 1000, 'no layer was fetched again')
  const repair = await host.run('journalctl -b -1 -o cat -u bootc-bound-images-repair.service')
  t.notMatch(repair.stdout, /was damaged|are damaged|finds fault/)
  t.equal((await host.run(`ls ${halves}`)).stdout, '', 'halves of files are gone')
  await host.kill()
})

t.test('an image that podman takes for damaged and that is not', async t => {
  const layers = [makeLayer({ files, directories: false })]
  await registry.push('odd:1', { layers })
  const host = await hostWith('odd:1')
  t.match(await host.run('podman system check'), { exitCode: 125 })
  await update(host)
  t.notOk(
    registry.requests.some(({ url }) => url.includes(layers[0]?.digest ?? '')),
    'it was not fetched again',
  )
  const repair = await host.run('journalctl -b -1 -o cat -u bootc-bound-images-repair.service')
  t.match(repair.stdout, /podman finds fault with image [0-9a-f]{64}, which can be read/)
  const names = [`${registry.address}/odd:1`]
  t.strictSame(await imagesOn(host, names), names)
  for (const version of ['v4', 'v5']) {
    const image = `${version}:1`
    await registry.push(image)
    await host.commit(version, boundImages({ 'late.image': imageSpec(registry, image) }))
    await host.stage(version)
    t.match(await host.run(start), { exitCode: 0 })
  }
  const times = (await journal(host)).split('checking the image store').length - 1
  t.equal(times, 1, 'podman is not asked once more')
  await host.kill()
})

t.test('nor is anybody told to remove an image of others that is whole', async t => {
  await registry.push('odd:2', { layers: [makeLayer({ files, directories: false })] })
  const host = await lab.host()
  const pull = `podman image pull --tls-verify=false ${registry.address}/odd:2`
  t.match(await host.run(pull), { exitCode: 0 })
  await host.commit('v2', boundImages({ 'new.image': imageSpec(registry, 'new:1') }))
  await host.run(leaveMark)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const said = await journal(host)
  t.notMatch(said, /--repair/)
  t.match(said, /which can be read all the same/)
  await host.kill()
})

t.test('a damaged layer that a pull would take over from an image of others', async t => {
  const base = makeLayer({ files: { ...files, 'etc/base': 'it' } })
  await registry.push('below:1', { layers: [base], files: { id: 'below' } })
  await registry.push('above:1', { layers: [base], files: { id: 'above' } })
  await registry.push('other:1', { files: { 'etc/other': 'it' } })
  const names = [`${registry.address}/above:1`]
  const host = await lab.host({ v1: configured('RetryLimit=2', 'RetryDelaySec=1') })
  for (const image of ['below:1', 'other:1'])
    await host.run(`podman image pull --tls-verify=false ${registry.address}/${image}`)
  await host.run(
    `find /var/lib/containers/storage/overlay -path '*/diff/etc/*' -type f -exec truncate -s 0 {} +`,
  )
  await host.commit('v2', boundImages({ 'above.image': imageSpec(registry, 'above:1') }))
  await host.run(leaveMark)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, names), names)
  const said = await journal(host)
  t.match(said, /\/below:1 cannot be read any more, .*: it is removed, pull it again/)
  t.match(said, /images that are not bound images are damaged/)
  const { stdout } = await host.run('cat /var/lib/containers/storage/overlay-images/images.json')
  t.match(stdout, '/other:1', 'what is in no way is left to its owner')
  t.notMatch(stdout, '/below:1')
  await host.kill()
})

// With podman before 5.2, which has no check, this is the only defence.
t.test('a damaged layer that a pull takes over, and nobody knows the layers', async t => {
  const base = makeLayer({ files })
  await registry.push('base:1', { layers: [base] })
  await registry.push('upon:1', { layers: [base, makeLayer({ files: { 'etc/upon': 'it' } })] })
  const names = [`${registry.address}/upon:1`]
  const host = await lab.host({ v1: fewQuickTries })
  const pull = `podman image pull --tls-verify=false ${registry.address}/base:1`
  t.match(await host.run(pull), { exitCode: 0 })
  const emptied = await host.run(
    `find /var/lib/containers/storage/overlay -path '*/diff/etc/name/of/it' -printf x -exec truncate -s 0 {} +`,
  )
  t.equal(emptied.stdout, 'x')
  await host.commit('v2', boundImages({ 'upon.image': imageSpec(registry, 'upon:1') }))
  await host.run(leaveMark)
  await host.stage('v2')
  t.not((await host.run(start)).exitCode, 0)
  const { stdout } = await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)
  t.match(stdout, `${names[0]} is damaged, as after a power failure`)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')

  t.match(await host.run(`podman image rm ${registry.address}/base:1`), { exitCode: 0 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  await host.kill()
})

const killedIn = (command: string) => `case "$*" in *"image ${command} "*) kill -KILL $$;; esac`

t.test('a podman that is killed while it looks says nothing about the image', async t => {
  await registry.push('large:1', { layers: [makeLayer({ files })] })
  const host = await hostWith('large:1')
  const name = `${registry.address}/large:1`
  const record = (podman: string) =>
    host.run(`
      mkdir -p /var/tmp/bin
      printf '#!/bin/sh\n%s\nexec /usr/bin/podman "$@"\n' '${podman}' >/var/tmp/bin/podman
      chmod +x /var/tmp/bin/podman
      PATH=/var/tmp/bin:$PATH KEEP_MARK=yes /usr/lib/bootc-bound-images/record-pull x ${name} /var/lib/containers/storage`)
  for (const command of ['inspect', 'save']) {
    const { exitCode, stderr } = await record(killedIn(command))
    t.equal(exitCode, 1, command)
    t.notMatch(stderr, /is damaged/)
    t.strictSame(await imagesOn(host, [name]), [name], command)
  }
  t.match(await record(''), { exitCode: 0 })
  const failing = await record('case "$*" in *"image save "*) exit 125;; esac')
  t.match(failing, { exitCode: 1, stderr: /is damaged/ })
  t.strictSame(await imagesOn(host, [name]), [])
  await host.kill()
})
