import t from 'tap'
import { boundImages, imageSpec, pendingUnits } from '../bound-images.ts'
import { backend, Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1', 'db:2']) await registry.push(image, { files: { id: image } })
const web = { 'web.image': imageSpec(registry, 'web:1') }

t.test(
  'the same specs staged twice pull nothing twice; a changed spec is the only new unit',
  async t => {
    const host = await lab.host()
    await host.commit('v2', boundImages({ ...web, 'db.image': imageSpec(registry, 'db:1') }))
    await host.commit('v3', {
      ...boundImages({ ...web, 'db.image': imageSpec(registry, 'db:1') }),
      'usr/share/v3': 'v3',
    })
    await host.commit('v4', boundImages({ ...web, 'db.image': imageSpec(registry, 'db:2') }))
    const start = async () => {
      t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
      return pendingUnits(host)
    }

    await host.stage('v2')
    const units = await start()
    t.equal(units.length, 2)

    registry.forget()
    t.strictSame(await start(), units, 'started again')
    await host.run('systemctl start bootc-bound-images-stage.service')
    await host.run('bootc-bound-images stage')
    t.strictSame(await start(), units)
    t.strictSame(registry.requests, [], 'not one request')

    await host.stage('v3')
    t.strictSame(await start(), [], 'another deployment, the same images')
    const blobs = () => registry.requests.filter(({ url }) => url.includes('/blobs/sha256:'))
    t.ok(
      registry.requests.some(({ url }) => url.includes('/web/manifests/1')),
      'the tags might have moved',
    )
    t.ok(
      blobs().every(({ bytes }) => bytes < 1000),
      'no layer is fetched',
    )

    await host.stage('v4')
    const [changed = '', ...others] = await start()
    t.strictSame(others, [])
    t.notOk(units.includes(changed), 'one unit is new')
    const { stdout } = await host.run(`systemctl show -P Description ${changed}`)
    t.match(stdout, `${registry.address}/db:2`)

    const sets = await host.run('ls /run/bootc-bound-images/sets | wc -l')
    t.equal(sets.stdout, '1', 'old sets are gone')
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v4')
    await host.kill()
  },
)

t.test('staging beside itself, many times', async t => {
  const host = await lab.host()
  await host.commit('v2', boundImages(web))
  await host.stage('v2')
  const many = Array.from({ length: 6 }, () => 'bootc-bound-images stage --wait & ').join('')
  const result = await host.run(`${many} wait -n; wait -n; wait -n; wait -n; wait -n; wait -n`)
  t.equal(result.stderr, '')
  t.equal((await pendingUnits(host)).length, 1)
  t.equal((await host.run('systemctl --failed --plain --no-legend "bootc-*"')).stdout, '')
  await host.kill()
})

t.test('a deployment that is staged no more leaves nothing', async t => {
  const host = await lab.host()
  await host.commit('v2', boundImages(web))
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.run(backend.unstageCommand)
  const gone =
    'for i in $(seq 100); do [ -e /run/bootc-bound-images/units ] || exit 0; sleep 0.1; done; exit 1'
  t.match(await host.run(gone), { exitCode: 0 })
  await host.run('systemctl start bootc-bound-images-stage.service')
  t.strictSame(await pendingUnits(host), [])
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})

t.test('a staging that is killed before systemd has read the new units is made up for', async t => {
  const host = await lab.host()
  await host.commit('v2', boundImages(web))
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const [unit] = await pendingUnits(host)
  const timeout = `systemctl show -P TimeoutStartUSec ${unit}`
  // The next staging renders other units, and is killed when it would have systemd read them.
  const killed = await host.run(`
    printf '[BoundImages]\\nPullTimeoutSec=3000\\n' >/etc/bootc-bound-images.conf
    mkdir /run/killing
    printf '#!/bin/sh\\n[ "$1" != daemon-reload ] || { kill -KILL $PPID; exit; }\\nexec /usr/bin/systemctl "$@"\\n' >/run/killing/systemctl
    chmod +x /run/killing/systemctl
    PATH=/run/killing:$PATH bootc-bound-images stage
    ${timeout}`)
  t.match(killed, { exitCode: 0, stdout: /^1d$/m }, killed.stderr)
  await host.run('bootc-bound-images stage')
  t.equal((await host.run(timeout)).stdout, '50min')
  await host.kill()
})
