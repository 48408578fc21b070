// Images in a store that is part of the running OS go with it.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { boundImages, configured, fewQuickTries, imagesOn, imageSpec } from '../bound-images.ts'
import { type Files, type Host, Lab, makeLayer } from '../lab.ts'
import { hasLookedAtBoot, isPulling, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const base = makeLayer({ bytes: 100_000 })
await registry.push('web:1', { layers: [base] })
await registry.push('upon:1', { layers: [base], files: { id: 'upon' } })
const at = (image: string) => `${registry.address}/${image}`

const configuration = `[storage]
driver = "overlay"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
[storage.options]
additionalimagestores = ["/usr/lib/shop/images"]
`

/** A host whose OS has this image in a store of its own. */
async function hostWithStore(t: Test, settings: Files, image: string): Promise<Host> {
  const host = await lab.host({ v1: { ...settings, 'usr/lib/shop/images/.keep': '' } })
  const pull = `podman --root /var/images --runroot /run/images image pull --tls-verify=false ${at(image)}`
  t.match(await host.run(pull), { exitCode: 0 })
  await host.shutdown()
  const images = join(host.var, 'images')
  await host.boot({ binds: [`${images}:/usr/lib/shop/images`] })
  await host.run(`cat >/etc/containers/storage.conf <<'EOF'\n${configuration}\nEOF`)
  await host.run('systemctl stop bootc-bound-images.path')
  return host
}

t.test('they are pulled, with all their layers', async t => {
  const digest = await registry.push('web:1', { layers: [base] })
  const host = await hostWithStore(t, fewQuickTries, `web@${digest}`)
  const [found] = [await host.run(`podman image inspect ${at(`web@${digest}`)}`)]
  t.match(found, { exitCode: 0, stdout: '/usr/lib/shop/images/overlay/' })

  await host.commit(
    'v2',
    boundImages({
      'web.image': imageSpec(registry, `web@${digest}`),
      'upon.image': imageSpec(registry, 'upon:1'),
    }),
  )
  await host.stage('v2')
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /web@\S+ +missing .*only in an additional image store that the next OS may lack: \/usr\/lib\/shop\/images$/m,
  )
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  const suspect = await host.run('ls /run/bootc-bound-images/suspect')
  t.not(suspect.exitCode, 0, 'nothing is taken for damaged')
  await host.shutdown()
  await registry.stop()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await until(host, hasLookedAtBoot)
  await host.run('rm /etc/containers/storage.conf')
  for (const image of [`web@${digest}`, 'upon:1']) {
    const { exitCode, stdout } = await host.run(
      `podman image inspect ${at(image)} && podman image save ${at(image)} >/dev/null`,
    )
    t.equal(exitCode, 0, image)
    t.notMatch(stdout, '/usr/lib/shop')
  }
  await host.shutdown()
  await registry.start()
})

t.test('while others are pulled, the running OS keeps the names of those that were', async t => {
  await registry.push('slow:1', { files: { id: 'slow' } })
  const host = await hostWithStore(t, configured('RetryDelaySec=1', 'MaxParallel=2'), 'web:1')
  const names = ['web:1', 'slow:1']
  const specs = names.map((name, index) => [`${index}.image`, imageSpec(registry, name)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  await until(host, hasLookedAtBoot)
  const state = '/var/lib/bootc-bound-images'
  t.match(await host.run(`mkdir -p ${state} && printf torn >>${state}/names`), { exitCode: 0 })
  // Not the request that resolves the tag.
  registry.fail({ match: '/slow/manifests/sha256:', mode: 'hang' })
  await host.stage('v2')
  await host.run('systemctl start --no-block bootc-bound-images.target')
  const isPulled = `systemctl --state=active --plain --no-legend list-units 'bootc-pending-*.service' | grep /web:1`
  await until(host, isPulled)
  const { stdout: id } = await host.run(`podman image inspect --format '{{.Id}}' ${at('web:1')}`)
  t.match(id, /^[0-9a-f]{64}$/u, 'the running OS finds it by its name')
  t.match(await host.run(isPulling), { exitCode: 0 }, 'while the other one is still pulled')
  t.match(await host.run(`cat ${state}/names`), {
    stdout: `torn\n${id} ${at('web:1')}`,
  })
  registry.heal()
  await host.run(isPulling.replace('pgrep', 'pkill'))
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(await imagesOn(host, names.map(at)), names.map(at))
  await host.kill()
})
