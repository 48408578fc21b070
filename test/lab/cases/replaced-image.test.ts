// The registry replaces an image between staging, which resolves its tag, and the pull.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { configured } from '../bound-images.ts'
import { type Host, Lab } from '../lab.ts'
import { movingTag, reboot } from '../moving-tag.ts'
import { isPulling, isStagingOver, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const { start, contents, hostWithMovedTag } = movingTag(lab, registry)

/** A host that has resolved the tag to B, which the registry has replaced by C since. */
async function hostWithReplacedImage(
  t: Test,
  settings: readonly string[],
  whenStaged: (host: Host) => Promise<void>,
): Promise<Host> {
  const host = await hostWithMovedTag(t, configured('RetryDelaySec=1', 'RetryMaxDelaySec=1'))
  const file = '/etc/bootc-bound-images.conf.d/test.conf'
  await host.run(
    `mkdir -p $(dirname ${file}) && printf '%s\\n' '[BoundImages]' ${settings.join(' ')} >${file}`,
  )
  const old = await registry.push('app:latest', { files: { id: 'B' } })
  registry.forget()
  registry.fail({ match: `/app/manifests/${old}`, mode: 'hang' })
  await host.stage('v3')
  await whenStaged(host)
  await registry.push('app:latest', { files: { id: 'C' } })
  await registry.remove('app', old)
  registry.heal()
  return host
}

/** Ends the attempt that hangs. */
async function untilPulling(host: Host): Promise<void> {
  await until(host, isPulling)
  while (!registry.requests.some(({ url }) => url.includes('/app/manifests/sha256:')))
    await sleep(100)
}
const endPull = isPulling.replace('pgrep', 'pkill')

async function claimNewImage(t: Test, host: Host): Promise<void> {
  t.equal(await contents(host), 'A', 'the running OS keeps its image')
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'C')
  await host.kill()
}

t.test('who waits gets the new image', async t => {
  const host = await hostWithReplacedImage(t, [], untilPulling)
  await host.run('systemctl start --no-block bootc-bound-images.target')
  await until(host, 'systemctl is-active bootc-bound-images-wait.service | grep activating')
  await host.run(endPull)
  await until(host, '! systemctl is-active bootc-bound-images-wait.service | grep activating', 110)
  const { stdout } = await host.run('systemctl is-active bootc-bound-images.target')
  t.equal(stdout, 'active')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await claimNewImage(t, host)
})

t.test('and if nobody waits, it is pulled too', async t => {
  const host = await hostWithReplacedImage(t, [], untilPulling)
  await host.run(endPull)
  await until(host, 'bootc-bound-images gate', 110)
  await claimNewImage(t, host)
})

t.test('a shutdown pulls it', async t => {
  const host = await hostWithReplacedImage(t, ['RandomizedDelaySec=12h'], async staged => {
    await until(staged, `journalctl -b -o cat -u 'bootc-pending-*' | grep '^starting in'`)
  })
  await claimNewImage(t, host)
})

t.test('a registry that replaces it again and again is asked a few times', async t => {
  const host = await hostWithMovedTag(t, configured('RetryLimit=1'))
  await host.run('systemctl stop bootc-bound-images.path')
  registry.forget()
  registry.fail({ match: '/app/manifests/sha256:', status: 404 })
  await host.stage('v3')
  const over = new AbortController()
  const pushes = (async () => {
    for (let id = 0; !over.signal.aborted; id++) {
      await registry.push('app:latest', { files: { id: String(id) } })
      await sleep(100)
    }
  })()
  t.match(await host.run(start), { exitCode: 1 })
  await host.run('systemctl start bootc-bound-images-settle.service')
  await until(host, isStagingOver)
  over.abort()
  await pushes
  const asked = registry.requests.filter(({ url }) => url.includes('/app/manifests/sha256:'))
  const { size } = new Set(asked.map(({ url }) => url))
  t.ok(size > 1 && size <= 8, `${size} images`)
  registry.heal()
  t.match(await host.run(start), { exitCode: 0 }, 'a start by hand resolves it in any case')
  await host.kill()
})
