import t from 'tap'
import { boundImages, imageSpec, pendingUnits } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')

t.test('a broken spec stops nothing but itself, and the deployment', async t => {
  const host = await lab.host()
  await host.commit(
    'v2',
    boundImages({
      'web.image': imageSpec(registry, 'web:1'),
      'broken.image': '[Image]\nImage=quay.io/a b\n',
    }),
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.match(await host.run(`podman image exists ${registry.address}/web:1`), { exitCode: 0 })
  t.equal((await pendingUnits(host)).length, 1)
  const message =
    /bound-images\.d\/broken\.image \(\/usr\/share\/containers\/systemd\/broken\.image\), line 2, Image=: not an image reference/
  t.match((await host.run('journalctl -b -u bootc-bound-images-stage.service')).stdout, message)
  t.match((await host.run('bootc-bound-images status')).stdout, message)
  t.match((await host.run('systemctl --failed --no-legend')).stdout, 'bootc-bound-images-stage')

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match((await host.run('bootc-bound-images status')).stdout, message, 'also on the next boot')
  await host.kill()
})

t.test('hostile entries end in messages, not in units, and do not hang', async t => {
  const host = await lab.host()
  await host.commit('v2', {
    ...boundImages({
      'directive.image': '[Image]\nImage=quay.io/a/b:1\\\nExecStart=/bin/touch /run/pwned\n',
      'web.image': imageSpec(registry, 'web:1'),
    }),
    'usr/lib/bootc/bound-images.d/-x\n[Service]\nExecStart=evil.image': { symlink: '/etc/passwd' },
    'usr/lib/bootc/bound-images.d/loop.image': { symlink: 'loop.image' },
    'usr/lib/bootc/bound-images.d/out.image': { symlink: '../../../../../../run/ostree-booted' },
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.equal((await pendingUnits(host)).length, 1)
  const journal = await host.run('journalctl -b -o cat -u bootc-bound-images-stage.service')
  for (const text of ['directive.image', 'x0a[Service]', 'loop.image', 'out.image'])
    t.match(journal.stdout, text)
  t.notMatch(journal.stdout, /^\[Service\]/m, 'a name does not forge a line')
  t.match(await host.run('test -e /run/pwned'), { exitCode: 1 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})
