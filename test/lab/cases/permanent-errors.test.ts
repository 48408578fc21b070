import t from 'tap'
import { boundImages, configured, imageSpec, imagesOn } from '../bound-images.ts'
import { insecureRegistries } from '../containers-files.ts'
import { type Host, Lab } from '../lab.ts'
import { hasLookedAtBoot, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const closed = await lab.registry({ users: [{ user: 'shop', password: 'secret' }] })
const blocked = await lab.registry()
for (const image of ['web:1', 'denied:1', 'busy:1']) await registry.push(image)
await closed.push('private:1')
await blocked.push('blocked:1')
const start = 'systemctl start bootc-bound-images.target'
const limit = 4

/** What podman says, by image. */
const permanent = {
  'nope:1': /manifest unknown|repository name not known to registry/,
  'denied:1': /denied/,
  'private:1': /authentication required|unauthorized/,
  'blocked:1': /is blocked in/,
}
const specs = boundImages({
  'web.image': imageSpec(registry, 'web:1'),
  'nope.image': imageSpec(registry, 'nope:1'),
  'denied.image': imageSpec(registry, 'denied:1'),
  'private.image': imageSpec(closed, 'private:1'),
  'blocked.container': `[Container]\nImage=${blocked.address}/blocked:1\n`,
  'busy.image': imageSpec(registry, 'busy:1'),
})

interface Report {
  readonly image: string
  readonly state: string
  readonly why: string
  /** How often podman failed. */
  readonly tries: number
}

/** What became of each image, by its name without registry. */
async function reports(host: Host): Promise<ReadonlyMap<string, Report>> {
  const { stdout } = await host.run(`
    bootc-bound-images status --json | jq -c '.images[]' | while read -r image; do
      unit=$(echo "$image" | jq -r .unit)
      tries=$(journalctl -b -o cat "_SYSTEMD_UNIT=$unit" | grep -c '^Error: ')
      echo "$image" | jq -c ".tries = $tries"
    done`)
  const images = stdout.split('\n').map((line): Report => JSON.parse(line))
  return new Map(images.map(report => [report.image.replace(/^.*\//, ''), report]))
}

async function stagedHost(): Promise<Host> {
  registry.heal()
  registry.fail({ match: '/denied/manifests/', status: 403 })
  registry.fail({ match: '/busy/manifests/', status: 500 })
  const host = await lab.host({
    v1: {
      ...configured(
        `RetryLimit=${limit}`,
        // Longer than the second staging of a start takes: it would start again what has failed by then.
        'RetryDelaySec=5',
        'RetryMaxDelaySec=5',
        'MaxParallel=8',
        'ResolveTimeoutSec=0',
      ),
      'etc/containers/registries.conf.d/blocked.conf': `${insecureRegistries(blocked)}blocked = true\n`,
    },
  })
  await host.commit('v2', specs)
  // The look at boot and the path unit stage too: its tries could be over before those of the test begin.
  await until(host, hasLookedAtBoot)
  await host.run('systemctl stop bootc-bound-images.path')
  await host.stage('v2')
  return host
}

t.test(
  'what no further try can change is tried twice, also under a storm of daemon-reloads',
  async t => {
    const host = await stagedHost()
    await host.run('systemctl start --no-block bootc-bound-images.target')
    // The second staging of the start is over.
    await until(host, 'journalctl -b -u bootc-bound-images-wait.service | grep "\\[[0-9]/"')
    await host.run(
      'systemd-run --unit=reloads sh -c "while :; do systemctl daemon-reload; sleep 0.2; done"',
    )
    await until(host, '[ "$(systemctl is-active bootc-bound-images-wait.service)" = failed ]', 180)
    await host.run('systemctl stop reloads')
    const all = await reports(host)
    t.match(all.get('web:1'), { state: 'present' })
    for (const [image, why] of Object.entries(permanent))
      t.match(all.get(image), { state: 'failed', why, tries: 2 }, image)
    const busy = all.get('busy:1')?.tries
    // A reload can meet systemd 252 between the count of a restart and the restart.
    const isOld = (await host.run('systemctl --version')).stdout.startsWith('systemd 252 ')
    t.ok(busy === limit || (isOld && busy === limit - 1), `${busy} tries`)
    await host.kill()
  },
)

t.test('and again at each start, until the cause is gone', async t => {
  const host = await stagedHost()
  t.match(await host.run(start), { exitCode: 1 })
  const first = await reports(host)
  t.match(first.get('web:1'), { state: 'present', tries: 0 })
  for (const [image, why] of Object.entries(permanent))
    t.match(first.get(image), { state: 'failed', why, tries: 2 }, image)
  t.match(first.get('busy:1'), { state: 'failed', why: '500', tries: limit })
  t.match(
    (await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)).stdout,
    new RegExp(`giving up: the error is permanent[^]*giving up after ${limit} attempts`),
  )

  t.match(await host.run(start), { exitCode: 1 })
  for (const image of Object.keys(permanent))
    t.match((await reports(host)).get(image), { tries: 4 }, `${image} is tried afresh`)

  registry.heal()
  await registry.push('nope:1')
  await closed.push('private:1')
  await host.run(
    `mkdir -p /etc/ostree
     rm /etc/containers/registries.conf.d/blocked.conf
     printf '${insecureRegistries(blocked).replaceAll('\n', '\\n')}' >/etc/containers/registries.conf.d/lab.conf
     podman login --tls-verify=false -u shop -p secret --authfile /etc/ostree/auth.json ${closed.address}`,
  )
  t.match(await host.run(start), { exitCode: 0 }, 'and is there when the cause is gone')
  const names = [...(await reports(host)).values()].map(({ image }) => image)
  t.equal(names.length, 6)
  t.strictSame(await imagesOn(host, names), names)
  await host.kill()
})
