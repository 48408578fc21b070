import t from 'tap'
import { boundImages, fewQuickTries, imageSpec } from '../bound-images.ts'
import { authJson } from '../containers-files.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry({ users: [{ user: 'shop', password: 'correct horse' }] })
await registry.push('secret:1')

const authFile = (password: string) => ({
  contents: authJson({ user: 'shop', password }, registry.address),
  mode: 0o600,
})
const specs = boundImages({
  'secret.image': imageSpec(registry, 'secret:1', 'AuthFile=/etc/shop/auth.json'),
})

t.test('a password that only the new root ships', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', { ...specs, '/etc/shop/auth.json': authFile('correct horse') })
  await host.stage('v2')
  t.match(await host.run('test -e /etc/shop/auth.json'), { exitCode: 1 })
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.match(await host.run(`podman image exists ${registry.address}/secret:1`), { exitCode: 0 })
  const secret = /correct horse|c2hvcDpjb3JyZWN0IGhvcnNl/
  t.notMatch((await host.run('cat /run/systemd/generator/*; journalctl -b')).stdout, secret)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('a wrong password is a clear error', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', { ...specs, '/etc/shop/auth.json': authFile('wrong') })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /secret:1 +failed .*(authentication required|unauthorized)/,
  )

  // The administrator puts his own file in place, as the merge of /etc will keep it, and starts again.
  const mine = authFile('correct horse').contents
  await host.run(`mkdir -p /etc/shop && echo '${mine}' >/etc/shop/auth.json`)
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.equal((await host.run('cat /etc/shop/auth.json')).stdout, mine)
  await host.kill()
})

const missing = {
  'is nowhere yet': { ships: {}, change: 'true' },
  'is in both images, but was deleted here': {
    ships: { '/etc/shop/auth.json': authFile('correct horse') },
    change: 'rm /etc/shop/auth.json',
  },
}
for (const [what, { ships, change }] of Object.entries(missing))
  t.test(`a secret that ${what} is named`, async t => {
    const host = await lab.host({ v1: { ...fewQuickTries, ...ships } })
    await host.commit('v2', { ...specs, ...ships })
    t.match(await host.run(change), { exitCode: 0 })
    await host.stage('v2')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
    t.match(
      (await host.run('bootc-bound-images status')).stdout,
      /secret:1 +failed .*\/etc\/shop\/auth\.json/,
    )
    await host.kill()
  })
