// Images in a store that is part of the running OS go with it.
import { join } from 'node:path'
import t from 'tap'
import { boundImages, fewQuickTries, imageSpec } from '../bound-images.ts'
import { Lab, makeLayer } from '../lab.ts'
import { hasLookedAtBoot, until } from '../until.ts'

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

t.test('they are pulled, with all their layers', async t => {
  const host = await lab.host({ v1: { ...fewQuickTries, 'usr/lib/shop/images/.keep': '' } })
  const digest = await registry.push('web:1', { layers: [base] })
  const pull = `podman --root /var/images --runroot /run/images image pull --tls-verify=false ${at(`web@${digest}`)}`
  t.match(await host.run(pull), { exitCode: 0 })
  await host.shutdown()
  const images = join(host.sysroot, 'ostree/deploy/debian/var/images')
  const withStore = { binds: [`${images}:/usr/lib/shop/images`] }
  await host.boot(withStore)
  await host.run(`cat >/etc/containers/storage.conf <<'EOF'\n${configuration}\nEOF`)
  await host.run('systemctl stop bootc-bound-images.path')
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
