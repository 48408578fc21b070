import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, pendingUnits } from '../bound-images.ts'
import { backend, Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })

t.test('a deploy tool pulls for a root before it is staged, and waits', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', web)
  await host.run(backend.openRootCommand('v2', '/var/new-root'))
  const stage = await host.run('bootc-bound-images stage --root /var/new-root --wait')
  t.match(stage, { exitCode: 0, stderr: '' })
  t.match(stage.stdout, /bound images to pull: 1\n/)
  t.match(stage.stdout, /\[1\/1\] \S+\/web:1: pulled/)
  t.match(await host.run(`podman image exists ${registry.address}/web:1`), { exitCode: 0 })
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /(?:new-root|[0-9a-f]{128})\n[^]*web:1 +present/,
  )
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.equal((await pendingUnits(host)).length, 1, 'the start of the target kept them')
  await host.run('umount /var/new-root; rm -rf /var/new-root')
  t.match(await host.run('bootc-bound-images stage'), {
    exitCode: 0,
    stdout: /^[0-9a-f.]{66,128}: bound images to pull: 0$/,
  })
  t.equal((await pendingUnits(host)).length, 0, 'a root that is gone asks for nothing')
  await host.kill()
})

t.test('failures and wrong usage', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'nope.image': imageSpec(registry, 'nope:1') }))
  // A second staging would start the pull again when it has failed.
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  t.match(await host.run('bootc-bound-images stage --wait'), {
    exitCode: 1,
    stderr: /nope:1: failed: .*manifest unknown/,
  })
  t.match(await host.run('bootc-bound-images stage --root /nowhere'), {
    exitCode: 1,
    stderr: /^bootc-bound-images: .*\/nowhere/,
  })
  t.match(await host.run('bootc-bound-images stage --root /var'), {
    exitCode: 1,
    stderr: /\/var is not the root of a deployment/,
  })
  t.match(await host.run('bootc-bound-images stage --rot /'), {
    exitCode: 2,
    stderr: /Unknown argument: rot/,
  })
  t.match(await host.run('setpriv --reuid=65534 --clear-groups bootc-bound-images status'), {
    exitCode: 1,
    stderr: /run this as root/,
  })
  await host.kill()
})
