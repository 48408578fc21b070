// Whether the next OS will find each image is asked of its own configuration, its own /var and what is left after the
// reboot.
import t from 'tap'
import { configured, fewQuickTries, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')

const start = 'systemctl start bootc-bound-images.target'

t.test('SpecDirs= of the next OS counts, and nothing in /run', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const run = [
    'mkdir -p /run/bootc/bound-images.d',
    'ln -s /dev/null /run/bootc/bound-images.d/web.image',
    `printf '[BoundImages]\\nSpecDirs=\\nSpecDirs=/usr/lib/nowhere\\n' >/run/bootc-bound-images.conf`,
  ].join(' && ')
  t.match(await host.run(run), { exitCode: 0 })
  const specDirs = 'SpecDirs=/run/bootc/bound-images.d /usr/lib/shop/images.d'
  await host.commit('v2', {
    // The value of a later version of the product is none of this one's business.
    ...configured(specDirs, 'PullTimeoutSec=forever'),
    'usr/share/containers/systemd/web.image': imageSpec(registry, 'web:1'),
    'usr/lib/shop/images.d/web.image': { symlink: '/usr/share/containers/systemd/web.image' },
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match((await host.run('bootc-bound-images status')).stdout, /web:1 +present/)
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await host.run('podman rmi --all --force')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: /web:1: missing/ })
  await host.kill()
})
