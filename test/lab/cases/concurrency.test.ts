import t from 'tap'
import { boundImages, configured, imageSpec, imagesOn, pendingUnits } from '../bound-images.ts'
import { type Files, type Host, Lab } from '../lab.ts'
import { isPulling, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const images = Array.from({ length: 10 }, (_, index) => `app${index}:1`)
for (const image of images) await registry.push(image, { bytes: 100_000 })
const start = 'systemctl start bootc-bound-images.target'
const quick = configured(
  'RetryLimit=4',
  'RetryDelaySec=1',
  'RetryMaxDelaySec=1',
  'ResolveTimeoutSec=0',
)
const references = (...names: readonly string[]) => names.map(name => `${registry.address}/${name}`)
const specs = (...names: readonly string[]) =>
  boundImages(
    Object.fromEntries(
      names.map(name => [name.replace(':1', '.image'), imageSpec(registry, name)]),
    ),
  )

async function bootHost(v1: Files = quick): Promise<Host> {
  registry.heal()
  registry.forget()
  return lab.host({ v1 })
}

/** Even during a shutdown, until systemd ends everything. */
const storm = `systemd-run --unit=storm -p DefaultDependencies=no sh -c 'while :; do systemctl daemon-reload; sleep 0.2; done'`

/** Units that systemd knows without a file, and pulls of images that nobody wants. */
async function leftovers(host: Host, wanted: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await host.run(`
    systemctl list-units --all --plain --no-legend 'bootc-[bp]*' | grep -w not-found
    systemctl list-units --all --plain --no-legend 'bootc-bound-images-*.*.target' | tail -n +2
    pgrep -af 'image [p]ull' | grep -vE '${wanted.join('|')}'`)
  return stdout.split('\n').filter(Boolean)
}

async function reboot(host: Host): Promise<string> {
  await host.shutdown()
  await host.boot()
  return host.bootedVersion()
}

t.test('stagings beside each other, of two deployments', async t => {
  const host = await bootHost()
  await host.commit('v2', specs('app0:1'))
  await host.commit('v3', specs('app1:1'))
  registry.fail({ match: '/manifests/', delayMs: 300 })
  await host.stage('v2')
  const stages = ['bootc-bound-images stage', 'bootc-bound-images stage --wait', start].map(
    command => host.run(command),
  )
  await host.stage('v3')
  stages.push(host.run('bootc-bound-images stage --wait'), host.run(start))
  for (const result of await Promise.all(stages)) t.match(result, { exitCode: 0 }, result.stderr)
  t.equal((await pendingUnits(host)).length, 1)
  t.strictSame(await imagesOn(host, references('app1:1')), references('app1:1'))
  t.strictSame(await leftovers(host, []), [])
  t.equal(await reboot(host), 'v3')
  await host.kill()
})

t.test('what is staged takes the place of a root that somebody waits for', async t => {
  const host = await bootHost(configured('RetryLimit=2', 'RetryDelaySec=1'))
  await host.commit('v2', specs('app0:1'))
  await host.commit('v3', specs('app1:1'))
  await host.run('ostree checkout --repo=/ostree/repo debian/v2 /var/new-root')
  registry.fail({ match: '/blobs/', delayMs: 3000 })
  const waiting = host.run('bootc-bound-images stage --root /var/new-root --wait')
  await until(host, isPulling)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await waiting, {
    exitCode: 1,
    stderr: /another deployment was staged, and took the place of \/var\/new-root/,
  })
  t.strictSame(await imagesOn(host, references('app1:1')), references('app1:1'))
  t.equal(await reboot(host), 'v3')
  await host.kill()
})

t.test('a staging during the shutdown leaves the pulls to the flush', async t => {
  const late = `[Unit]
After=bootc-bound-images-gate.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/usr/bin/bootc-bound-images stage
`
  const beside = late.replace('After=', 'Wants=')
  const host = await bootHost({
    ...quick,
    'usr/lib/systemd/system/late.service': late,
    'usr/lib/systemd/system/beside.service': beside,
  })
  await host.commit('v2', specs('app0:1', 'app1:1'))
  await host.run('systemctl stop bootc-bound-images.path; systemctl start late beside')
  registry.fail({ match: '/manifests/', delayMs: 500 })
  await host.stage('v2')
  await host.shutdown({ timeoutMs: 60_000 })
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.match(
    (await host.run('journalctl -b -1 -o cat -u late.service')).stdout,
    /the host is shutting down: what is missing is left to bootc-bound-images-gate\.service/,
  )
  await host.kill()
})

t.test('a staging and a shutdown at the same time', async t => {
  const host = await bootHost()
  await host.commit('v2', specs('app0:1', 'app1:1'))
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  await host.run('bootc-bound-images stage >/dev/null 2>&1 & systemctl --no-block poweroff')
  await host.untilOff({ timeoutMs: 60_000 })
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('daemon-reloads all the time', async t => {
  const host = await bootHost()
  await host.commit('v2', specs('app0:1', 'app1:1'))
  await host.commit('v3', specs('app1:1', 'app2:1', 'app3:1'))
  await host.commit('v4', specs('app3:1', 'app4:1'))
  registry.fail({ match: '/manifests/', delayMs: 500 })
  t.match(await host.run(storm), { exitCode: 0 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await leftovers(host, []), [])
  t.equal((await pendingUnits(host)).length, 3)
  await host.stage('v4')
  t.equal(await reboot(host), 'v4', 'also without waiting')
  t.strictSame(await imagesOn(host, references('app3:1', 'app4:1')), references('app3:1', 'app4:1'))
  await host.kill()
})

t.test('somebody prunes all the time', async t => {
  const host = await bootHost()
  const wanted = images.slice(0, 6)
  await host.commit('v2', specs(...wanted))
  registry.fail({ match: '/blobs/', delayMs: 200 })
  const prune = `systemd-run --unit=prune sh -c 'while :; do podman system prune -a -f; done'`
  t.match(await host.run(prune), { exitCode: 0 })
  await host.stage('v2')
  await host.run(`timeout 5 ${start}`)
  await host.run('systemctl stop prune')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, references(...wanted)), references(...wanted))

  t.match(await host.run(prune), { exitCode: 0 })
  await host.run('sleep 1')
  const isNew = (await reboot(host)) === 'v2'
  const stored = await imagesOn(host, references(...wanted))
  t.comment(`${isNew ? 'v2' : 'v1'} with ${stored.length} images`)
  t.ok(!isNew || stored.length === wanted.length, 'every image is there, or the host stays')
  await host.kill()
})

t.test('a deployment whose root is gone when it is read, because another was staged', async t => {
  const host = await bootHost()
  await host.commit('v2', specs('app0:1'))
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  // Staging first sees another deployment. While it runs podman, the real one is staged and the other one deleted.
  const other = '0'.repeat(64)
  const prepared = await host.run(`
    mount -o remount,rw /sysroot && cd /sysroot/ostree/deploy/debian/deploy &&
    mkdir -p ${other}.0/usr/lib /run/first &&
    cp -a "$(bootc-bound-images status --json | jq -r .deployment)/usr/lib/bootc" ${other}.0/usr/lib &&
    cd /run/ostree && cp staged-deployment /run/real &&
    sed 's/[0-9a-f]\\{64\\}/${other}/' /run/real >staged-deployment &&
    ! cmp -s /run/real staged-deployment &&
    printf '#!/bin/sh\\n[ ! -e /run/real ] || { mv /run/real /run/ostree/staged-deployment; rm -r /sysroot/ostree/deploy/debian/deploy/${other}.0; }\\nexec /usr/bin/podman "$@"\\n' >/run/first/podman &&
    chmod +x /run/first/podman`)
  t.match(prepared, { exitCode: 0 }, prepared.stderr)
  t.match(await host.run('PATH=/run/first:$PATH bootc-bound-images stage --wait'), { exitCode: 0 })
  t.strictSame(await imagesOn(host, references('app0:1')), references('app0:1'))
  t.equal(await reboot(host), 'v2')
  await host.kill()
})

t.test('ten stagings in a row while pulls hang: the last one wins', async t => {
  const host = await bootHost()
  for (const image of images) await host.commit(image.replace(':1', ''), specs(image))
  registry.fail({ match: '/manifests/', mode: 'hang' })
  registry.fail({ match: '/app9/manifests/', delayMs: 500 })
  await host.stage('app0')
  await until(host, isPulling)
  const waiting = host.run(
    `${start}; echo $?; podman image exists ${references('app9:1').join('')}`,
  )
  for (const image of images.slice(1)) await host.stage(image.replace(':1', ''))
  t.match(await waiting, { exitCode: 0, stdout: '0' }, 'reached when its image was there')
  t.equal((await pendingUnits(host)).length, 1)
  t.strictSame(await leftovers(host, ['app9:1']), [])
  t.equal((await host.run('systemctl --failed --plain --no-legend "bootc-*"')).stdout, '')
  t.equal(await reboot(host), 'app9')
  await host.kill()
})

t.test('a deployment that is taken back while its pulls hang', async t => {
  const host = await bootHost()
  await host.commit('v2', specs('app0:1', 'app1:1'))
  registry.fail({ match: '/manifests/', mode: 'hang' })
  await host.stage('v2')
  await until(host, isPulling)
  await host.run('ostree admin undeploy 0')
  await until(host, '[ ! -e /run/bootc-bound-images/units ]')
  await until(host, `! ${isPulling}`)
  await host.run('systemctl start bootc-bound-images-stage.service')
  t.strictSame(await pendingUnits(host), [])
  t.strictSame(await leftovers(host, []), [])
  t.equal((await host.run('systemctl --failed --plain --no-legend "bootc-*"')).stdout, '')
  t.equal(await reboot(host), 'v1')
  await host.kill()
})

t.test('MaxParallel=2, and one of the first pulls fails', async t => {
  const host = await bootHost({
    ...configured(
      'MaxParallel=2',
      'RetryLimit=2',
      'RetryDelaySec=1',
      'RetryMaxDelaySec=1',
      'ResolveTimeoutSec=0',
    ),
  })
  const six = images.slice(0, 6)
  await host.commit('v2', specs(...six))
  registry.fail({ match: '/manifests/', delayMs: 700 })
  registry.fail({ match: '/app1/manifests/', status: 500, delayMs: 700 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  const others = references(...six.filter(image => image !== 'app1:1'))
  t.strictSame(await imagesOn(host, others), others, 'its lane goes on')
  t.equal(mostAtATime(), 2)
  registry.heal()
  t.match(await host.run(start), { exitCode: 0 })
  await host.kill()
})

/** How many images' requests were answered at the same time, at most. */
function mostAtATime(): number {
  const spans = images.map(image => {
    const own = registry.requests.filter(({ url }) => url.includes(image.replace(':1', '/')))
    return { from: own[0]?.at ?? 0, to: Math.max(0, ...own.map(({ endedAt = 0 }) => endedAt)) }
  })
  const at = (time: number) => spans.filter(({ from, to }) => from <= time && time < to).length
  return Math.max(...spans.map(({ from }) => at(from)))
}
