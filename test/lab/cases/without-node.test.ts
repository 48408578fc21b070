import t from 'tap'
import { boundImages, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')

t.test('boot and daemon-reload with nothing staged need no Node', async t => {
  const host = await lab.host({ boot: false })
  await host.boot({ withoutNode: true })
  t.not((await host.run('node --version')).exitCode, 0)
  t.match(await host.run('systemctl daemon-reload'), { exitCode: 0, stderr: '' })
  t.equal((await host.run('systemctl is-system-running')).stdout, 'running')
  t.match(await host.run('systemctl is-active bootc-bound-images.path'), { stdout: 'active' })
  t.equal((await host.run('systemctl --failed --no-legend')).stdout, '')
  t.match(
    (await host.run('journalctl -b -u "bootc-bound-images*" -o cat')).stdout,
    /skipped.*no trigger/,
  )
  await host.shutdown()
  await host.boot({ withoutNode: true })
  t.equal(host.bootedVersion(), 'v1', 'nor does a shutdown')
  await host.shutdown()
})

t.test('a gate that cannot run keeps the running OS', async t => {
  const host = await lab.host({ boot: false })
  await host.boot({ withoutNode: true })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  // a hundred stagings
  await until(host, 'systemctl is-failed bootc-bound-images-recheck@failure.service', 300)
  await host.run('sleep 2')
  const { stdout } = await host.run('journalctl -b -o cat -u bootc-bound-images-stage.service')
  t.ok(stdout.split('Starting').length < 150, 'it is not tried again for ever')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.shutdown()
})
