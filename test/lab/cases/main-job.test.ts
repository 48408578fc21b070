import t from 'tap'
import { boundImages, imageSpec, pendingUnits } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const images = ['web:1', 'cache:1', 'db:1']
for (const image of images) await registry.push(image, { files: { id: image } })
const references = images.map(image => `${registry.address}/${image}`)

t.test('a staged deployment gets its three bound images and becomes the default', async t => {
  const host = await lab.host()
  t.equal(host.bootedVersion(), 'v1')
  await host.commit('v2', {
    ...boundImages({
      'web.image': imageSpec(registry, 'web:1'),
      'db.image': imageSpec(registry, 'db:1'),
      'cache.container': `[Container]\nImage=${registry.address}/cache:1\n`,
    }),
  })
  // A .container has no TLSVerify=; the host trusts the registry.
  await host.run(
    `mkdir -p /etc/containers/registries.conf.d
     printf '[[registry]]\\nlocation="${registry.address}"\\ninsecure=true\\n' \
       >/etc/containers/registries.conf.d/lab.conf`,
  )
  await host.stage('v2')

  const start = await host.run('systemctl start bootc-bound-images.target')
  t.strictSame(start, { exitCode: 0, stdout: '', stderr: '' })
  const units = await pendingUnits(host)
  t.equal(units.length, 3)
  for (const unit of units) t.match(unit, /^bootc-pending-[0-9a-f]{16}-image\.service$/)
  const journal = await host.run(`journalctl --output=cat -u 'bootc-pending-*'`)
  for (const reference of references)
    t.match(journal.stdout, `Trying to pull ${reference.replace(':1', '')}@sha256:`)

  const status = await host.run('bootc-bound-images status')
  t.equal(status.exitCode, 0)
  t.match(status.stdout, /^Staged deployment [0-9a-f.]{66,128}\nIMAGE +STATE +UNIT +WHY\n/)
  for (const reference of references)
    t.match(status.stdout, new RegExp(`^${reference} +present +bootc-pending-`, 'm'))
  t.notMatch(status.stdout, /WARNING: (?!podman )/, 'the gate is in place')
  t.strictSame(await host.run('bootc-bound-images gate'), {
    exitCode: 0,
    stdout: status.stdout.replace(
      /^Staged deployment (.*)\n[^]*/,
      'Every bound image of $1 is on disk.',
    ),
    stderr: '',
  })

  await registry.stop()
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  for (const reference of references)
    t.match(await host.run(`podman image exists ${reference}`), { exitCode: 0 }, reference)
  const after = await host.run('bootc-bound-images status')
  t.match(after, { exitCode: 0, stdout: 'No deployment is staged.' })
  t.strictSame(await pendingUnits(host), [], 'nothing is left over')
  await host.shutdown()
  await registry.start()
})

t.test('a deployment without bound images is finalized as ever', async t => {
  const host = await lab.host()
  await host.commit('v2', { 'usr/share/x': 'x' })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.shutdown()
})
