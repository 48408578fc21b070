import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { backend, type Files, type Host, Lab } from '../lab.ts'
import { hasLookedAtBoot, isAtRest, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const images = Array.from({ length: 20 }, (_, index) => `app${index}:1`)
await Promise.all(['web:1', ...images].map(image => registry.push(image)))
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })
const start = 'systemctl start bootc-bound-images.target'
const gate = 'bootc-bound-images-gate.service'

/** Writes down who calls podman and how, and hangs for whom the test wants that. */
const calls = '/var/lib/containers/calls'
const podman: Files = {
  'usr/local/bin/podman': {
    mode: 0o755,
    contents: `#!/bin/sh
unit=$(sed -n 's,^0::.*/,,p' /proc/self/cgroup)
echo "$unit: $*" >>${calls}
[ ! -e "/var/lib/hang-$unit" ] || exec sleep 1000
exec /usr/bin/podman "$@"
`,
  },
}

const nope = boundImages({ 'nope.image': imageSpec(registry, 'nope:1') })

async function stagedHost({
  settings = [],
  specs = web,
}: { readonly settings?: readonly string[]; readonly specs?: Files } = {}) {
  const quick = configured('RetryLimit=2', 'RetryDelaySec=0', 'ResolveTimeoutSec=0', ...settings)
  const host = await lab.host({ v1: { ...quick, ...podman } })
  await host.commit('v2', specs)
  await host.stage('v2')
  return host
}

/** What the gate said in the boot before this one. */
const gateLog = async (host: Host) => (await host.run(`journalctl -b -1 -o cat -u ${gate}`)).stdout
/** What this boot said loudly. */
async function loudAtBoot(host: Host): Promise<string> {
  await until(host, hasLookedAtBoot)
  const read = 'journalctl -b -o cat -p warning -u bootc-bound-images-boot.service'
  return (await host.run(read)).stdout
}
const status = async (host: Host) => (await host.run('bootc-bound-images status')).stdout

async function reboot(host: Host): Promise<string> {
  await host.shutdown()
  await host.boot()
  return host.bootedVersion()
}

t.beforeEach(() => {
  registry.heal()
})

t.test('Gate=warn: it becomes the default, and the journal names what is missing', async t => {
  const host = await stagedHost({ settings: ['Gate=warn'], specs: nope })
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await reboot(host), 'v2')
  t.match(
    await gateLog(host),
    /\/nope:1: failed: .*manifest unknown[^]*\n[0-9a-f.]{66,128} becomes the default all the same \(Gate=warn\): /,
  )
  t.notMatch(await status(host), /not allowed/)
  await host.kill()
})

t.test('Gate=off: it becomes the default, whatever is missing', async t => {
  const host = await stagedHost({ settings: ['Gate=off'], specs: nope })
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await reboot(host), 'v2')
  t.match(await gateLog(host), /^The gate is off \(Gate=off\)\.$/m)
  await host.kill()
})

t.test('a refusal is in the journal of the next boot, with what to do', async t => {
  const host = await stagedHost({ specs: nope })
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await reboot(host), 'v1')
  t.match(
    await loudAtBoot(host),
    new RegExp(
      '^Deployment [0-9a-f.]{66,128} was not allowed to become the default at 20\\S+Z\n' +
        `${registry.address}/nope:1 failed: .*manifest unknown.*\n` +
        'Remedy: stage the update again, .*$',
    ),
  )
  await host.commit('v3', web)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  t.match(await status(host), /was not allowed/, 'an answer by hand forgets nothing')
  t.equal(await reboot(host), 'v3')
  t.equal(await loudAtBoot(host), '')
  await host.kill()
})

t.test('GateTimeoutSec: a podman that hangs', async t => {
  const warning = await stagedHost({
    settings: ['FlushTimeoutSec=0', 'GateTimeoutSec=5', 'Gate=warn'],
  })
  t.match(await warning.run(start), { exitCode: 0 })
  await warning.run(`touch /var/lib/hang-${gate}`)
  t.equal(await reboot(warning), 'v2', 'Gate=warn')
  await warning.shutdown()

  const host = await stagedHost({ settings: ['FlushTimeoutSec=0', 'GateTimeoutSec=5'] })
  t.match(await host.run(start), { exitCode: 0 })
  await host.run(`touch /var/lib/hang-${gate}`)
  const before = Date.now()
  await host.shutdown()
  t.ok(Date.now() - before < 20_000, 'the gate ended by itself')
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  const why = /^Reason: looking at the images took more than 5 s \(GateTimeoutSec=\)$/m
  t.match(await status(host), why)
  t.match(await loudAtBoot(host), why)
  await host.kill()
})

t.test('a configuration error at the gate', async t => {
  const host = await stagedHost()
  t.match(await host.run(start), { exitCode: 0 })
  await host.run(`printf '[BoundImages]\\n\\nGate=ja\\n' >/etc/bootc-bound-images.conf`)
  t.equal(await reboot(host), 'v1')
  const why = [
    /^Deployment [0-9a-f.]{66,128} was not allowed to become the default at 20/m,
    /^(?:Reason: .*)?\/etc\/bootc-bound-images\.conf, line 3, Gate=: .*require, warn or off/m,
    /^Remedy: .*stage the update again/m,
  ]
  for (const line of why) {
    t.match(await loudAtBoot(host), line)
    t.match(await status(host), line)
  }
  t.match(await host.run('systemctl is-failed bootc-bound-images-boot.service'), { exitCode: 0 })
  await host.run('rm /etc/bootc-bound-images.conf')
  for (const line of why) t.match(await status(host), line, 'also when it is corrected')
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await reboot(host), 'v2')
  t.equal(await status(host), 'No deployment is staged.')
  await host.kill()
})

t.test('status warns when the gate is not in place', async t => {
  const host = await stagedHost()
  t.match(await host.run(start), { exitCode: 0 })
  const etc = '/etc/systemd/system'
  const breaks = {
    'our drop-in is masked': `mkdir -p ${etc}/${backend.finalizer}.d && ln -s /dev/null ${etc}/${backend.finalizer}.d/50-bootc-bound-images.conf`,
    'the guard does nothing': `mkdir -p ${etc}/bootc-bound-images-guard.service.d && printf '[Service]\\nExecStop=\\n' >${etc}/bootc-bound-images-guard.service.d/x.conf`,
    'the gate is stopped': `systemctl stop ${gate}`,
    // with composefs, the path unit would start it again
    'the guard is stopped':
      'systemctl stop bootc-bound-images.path bootc-bound-images-guard.service',
  }
  const warning = /^WARNING: (?:the gate is not in place|a reboot does not apply what is staged): /m
  t.notMatch(await status(host), warning)
  for (const [what, how] of Object.entries(breaks)) {
    await until(host, isAtRest)
    t.match(await host.run(`${how} && systemctl daemon-reload`), { exitCode: 0 })
    t.match(await status(host), warning, what)
    await host.run(`rm -r ${etc}/*.service.d; systemctl daemon-reload`)
    t.match(await host.run(`systemctl start bootc-bound-images.path && ${start}`), { exitCode: 0 })
    t.notMatch(await status(host), warning, `no more: ${what}`)
  }
  await host.kill()
})

t.test('twenty images: one question to podman, and hardly any time', async t => {
  const specs = Object.fromEntries(
    images.map(image => [image.replace(':1', '.image'), imageSpec(registry, image)]),
  )
  const host = await stagedHost({ specs: boundImages(specs) })
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await reboot(host), 'v2')
  const asked = (await host.run(`sed -n 's/^${gate}: //p' ${calls}`)).stdout.split('\n')
  const inspect = asked.filter(line => line.startsWith('image inspect'))
  t.equal(inspect.length, 1, asked.join('\n'))
  for (const image of images) t.match(inspect[0], image)
  t.ok(asked.length <= 4, asked.join('\n'))

  const { stdout } = await host.run(
    `journalctl -b -1 -o json -u ${gate} | jq -s 'map({ text: .MESSAGE, at: .__MONOTONIC_TIMESTAMP })'`,
  )
  const lines: readonly { text: string; at: string }[] = JSON.parse(stdout)
  const timeOf = (pattern: RegExp) => Number(lines.find(({ text }) => pattern.test(text))?.at)
  const seconds = (timeOf(/^Every bound image of \S+ is on disk/) - timeOf(/^Stopping /)) / 1e6
  t.comment(`the gate takes ${seconds} s of a shutdown`)
  t.ok(seconds < 20, `${seconds} s`)
  await host.kill()
})

t.test('an image that a power failure may have damaged', async t => {
  // As of another boot.
  const mark = `mkdir -p -m 700 /var/lib/bootc-bound-images/unfinished
    ln -s 00000000-0000-0000-0000-000000000000 /var/lib/bootc-bound-images/unfinished/$name`
  const name = `name=$(bootc-bound-images status --json | jq -r '.images[0].unit | rtrimstr(".service")')`
  const pulled = async (...settings: readonly string[]) => {
    const host = await stagedHost({ settings })
    t.match(await host.run(start), { exitCode: 0 })
    return host
  }
  const checked = await pulled()
  await checked.run(`${name}; ${mark}; rm /var/lib/bootc-bound-images/pulls/*`)
  await registry.stop()
  t.equal(await reboot(checked), 'v2', 'the flush found it whole')
  await registry.start()
  await checked.shutdown()

  // Without a flush, which would look at the image.
  const host = await pulled('FlushTimeoutSec=0')
  const record = (await host.run('cat /var/lib/bootc-bound-images/pulls/*')).stdout
  t.match(
    record,
    new RegExp(`^[0-9a-f]{64} sha256:[0-9a-f]{64} ${registry.address}/web:1 contents$`),
  )
  await host.run(`${name}; ${mark}`)
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 }, 'its record tells its id')
  const other = `${'0'.repeat(64)} sha256:${'0'.repeat(64)} ${registry.address}/web:1`
  const unverified = {
    exitCode: 1,
    stderr: /web:1: unverified: not checked since the host went down/,
  }
  await host.run(`${name}; echo '${other}' >/var/lib/bootc-bound-images/pulls/$name`)
  t.match(await host.run('bootc-bound-images gate'), unverified, 'a record of another id')
  await host.run('rm /var/lib/bootc-bound-images/pulls/*')
  t.match(await host.run('bootc-bound-images gate'), unverified, 'no record')
  t.equal(await reboot(host), 'v1')
  t.match(
    await status(host),
    /web:1 +unverified +\S+ +not checked since the host went down during pulls/,
  )
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  t.equal(await reboot(host), 'v2')
  await host.kill()
})

t.test(
  'tags that nobody looked up: an older image does not count, unless the flush asks',
  async t => {
    const masked = 'systemctl mask --runtime --now bootc-bound-images.path bootc-bound-images-stage'
    const staged = async (...settings: readonly string[]) => {
      const host = await lab.host({ v1: configured(...settings) })
      await host.commit('v2', web)
      t.match(
        await host.run(`${masked} && podman pull --tls-verify=false ${registry.address}/web:1`),
        { exitCode: 0 },
      )
      await host.stage('v2')
      return host
    }
    const isRefused = async (blind: Host) => {
      t.equal(await reboot(blind), 'v1')
      t.match(await status(blind), /^Reason: its tags were not looked up in this boot/m)
      await blind.kill()
    }
    await isRefused(await staged('FlushTimeoutSec=0'))
    // It asks, and gets no answer.
    const offline = await staged('FlushTimeoutSec=5', 'ResolveTimeoutSec=1', 'RetryDelaySec=1')
    registry.fail({ match: '/web/', status: 503 })
    await isRefused(offline)
    registry.heal()
    const host = await staged()
    t.equal(await reboot(host), 'v2')
    await host.kill()
  },
)

t.test('an update without bound images passes without podman and its store', async t => {
  const host = await lab.host()
  await host.commit('v2', { 'usr/share/note': '' })
  await host.run('mount --bind /dev/null /usr/bin/podman')
  await host.stage('v2')
  t.equal(await reboot(host), 'v2')
  await host.kill()
})
