import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { type Files, type Host, Lab } from '../lab.ts'
import { hasLookedAtBoot, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const images = Array.from({ length: 20 }, (_, index) => `app${index}:1`)
await Promise.all(['web:1', ...images].map(image => registry.push(image)))
const web = boundImages({ 'web.image': imageSpec(registry, 'web:1') })
const start = 'systemctl start bootc-bound-images.target'
const finalization = 'ostree-finalize-staged.service'

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

/** What the finalization said in the boot before this one. */
const finalizationLog = async (host: Host) =>
  (await host.run(`journalctl -b -1 -o cat -u ${finalization}`)).stdout
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
    await finalizationLog(host),
    /\/nope:1: failed: .*manifest unknown[^]*\n[0-9a-f]{64}\.0 becomes the default all the same \(Gate=warn\): /,
  )
  t.notMatch(await status(host), /not allowed/)
  await host.kill()
})

t.test('Gate=off: it becomes the default, and nothing is looked at', async t => {
  const host = await stagedHost({ settings: ['Gate=off'], specs: nope })
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await reboot(host), 'v2')
  t.match(await finalizationLog(host), /^The gate is off \(Gate=off\)\.$/m)
  t.match(await host.run(`grep '^${finalization}:' ${calls}`), { exitCode: 1 })
  await host.kill()
})

t.test('a refusal is in the journal of the next boot, with what to do', async t => {
  const host = await stagedHost({ specs: nope })
  t.match(await host.run(start), { exitCode: 1 })
  t.equal(await reboot(host), 'v1')
  t.match(
    await loudAtBoot(host),
    new RegExp(
      '^Deployment [0-9a-f]{64}\\.0 was not allowed to become the default at 20\\S+Z\n' +
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
  const warning = await stagedHost({ settings: ['GateTimeoutSec=5', 'Gate=warn'] })
  t.match(await warning.run(start), { exitCode: 0 })
  await warning.run(`touch /var/lib/hang-${finalization}`)
  t.equal(await reboot(warning), 'v2', 'Gate=warn')
  await warning.shutdown()

  const host = await stagedHost({ settings: ['GateTimeoutSec=5'] })
  t.match(await host.run(start), { exitCode: 0 })
  await host.run(`touch /var/lib/hang-${finalization}`)
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
    /^Deployment [0-9a-f]{64}\.0 was not allowed to become the default at 20/m,
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

t.test('status warns when something else than the gate and then ostree finalizes', async t => {
  const host = await stagedHost()
  const gate = '/usr/bin/timeout 90 /usr/bin/bootc-bound-images gate --at-shutdown'
  const ostree = '/usr/bin/ostree admin finalize-staged'
  const breaks = {
    'another command comes first': ['zzz.conf', '', '/bin/true', gate, ostree],
    'the failure of the gate is ignored': ['zzz.conf', '', `-${gate}`, ostree],
    'ostree has another argument': ['zzz.conf', '', gate, `${ostree} --other`],
    'our drop-in hides another command': ['50-other.conf', '', `${ostree} --other`],
    'our drop-in hides one more command': ['50-other.conf', '/usr/bin/other'],
    'our drop-in is masked': ['zz-bootc-bound-images.conf', ''],
  }
  const directory = `/etc/systemd/system/${finalization}.d`
  const withFile = async (path: string, text: string) => {
    const write = `mkdir -p ${directory} && cat >${path} <<'END' && systemctl daemon-reload\n${text}\nEND`
    t.match(await host.run(write), { exitCode: 0 })
    const output = await status(host)
    await host.run(`rm ${path} && systemctl daemon-reload`)
    return output
  }
  for (const [what, [file, ...commands]] of Object.entries(breaks)) {
    const lines = commands.map(line => `ExecStop=${line}\n`).join('')
    t.match(await withFile(`${directory}/${file}`, `[Service]\n${lines}`), /^WARNING: /m, what)
  }
  const unit = (await host.run(`cat /usr/lib/systemd/system/${finalization}`)).stdout
  const copy = `/etc/systemd/system/${finalization}`
  t.match(
    await withFile(copy, `${unit.replace(ostree, `${ostree} --other`)}\n`),
    /^WARNING: this ostree finalizes with another command .*\/etc\/systemd\/system/m,
  )
  t.notMatch(await withFile(copy, `${unit}\n`), /WARNING/, 'a copy of the same')
  t.notMatch(
    await withFile(`${directory}/50-other.conf`, '[Service]\nTimeoutStopSec=10min\n'),
    /WARNING/,
  )
  t.notMatch(await status(host), /WARNING/)
  await host.kill()
})

t.test('twenty images: one question to podman, and hardly any time', async t => {
  const specs = Object.fromEntries(
    images.map(image => [image.replace(':1', '.image'), imageSpec(registry, image)]),
  )
  const host = await stagedHost({ specs: boundImages(specs) })
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await reboot(host), 'v2')
  const asked = (await host.run(`sed -n 's/^${finalization}: //p' ${calls}`)).stdout.split('\n')
  const inspect = asked.filter(line => line.startsWith('image inspect'))
  t.equal(inspect.length, 1, asked.join('\n'))
  for (const image of images) t.match(inspect[0], image)
  t.ok(asked.length <= 3, asked.join('\n'))

  const { stdout } = await host.run(
    `journalctl -b -1 -o json -u ${finalization} | jq -s 'map({ text: .MESSAGE, at: .__MONOTONIC_TIMESTAMP })'`,
  )
  const lines: readonly { text: string; at: string }[] = JSON.parse(stdout)
  const timeOf = (pattern: RegExp) => Number(lines.find(({ text }) => pattern.test(text))?.at)
  const seconds = (timeOf(/^Every bound image of \S+ is on disk/) - timeOf(/^Stopping /)) / 1e6
  t.comment(`the gate takes ${seconds} s of a shutdown`)
  t.ok(seconds < 5, `${seconds} s`)
  await host.kill()
})

t.test('an image that a power failure may have damaged', async t => {
  // As of another boot.
  const mark = `mkdir -p -m 700 /var/lib/bootc-bound-images/unfinished
    ln -s 00000000-0000-0000-0000-000000000000 /var/lib/bootc-bound-images/unfinished/$name`
  const name = `name=$(bootc-bound-images status --json | jq -r '.images[0].unit | rtrimstr(".service")')`
  const pulled = async () => {
    const host = await stagedHost()
    t.match(await host.run(start), { exitCode: 0 })
    return host
  }
  const checked = await pulled()
  await checked.run(`${name}; ${mark}; rm /var/lib/bootc-bound-images/pulls/*`)
  await registry.stop()
  t.equal(await reboot(checked), 'v2', 'the flush found it whole')
  await registry.start()
  await checked.shutdown()

  const host = await pulled()
  await host.run('systemctl stop bootc-bound-images-flush.service')
  const record = (await host.run('cat /var/lib/bootc-bound-images/pulls/*')).stdout
  t.match(record, new RegExp(`^[0-9a-f]{64} sha256:[0-9a-f]{64} ${registry.address}/web:1$`))
  await host.run(`${name}; ${mark}`)
  t.match(
    await host.run('bootc-bound-images gate --at-shutdown'),
    { exitCode: 0 },
    'its record tells its id',
  )
  const other = `${'0'.repeat(64)} sha256:${'0'.repeat(64)} ${registry.address}/web:1`
  const unverified = { exitCode: 1, stderr: /web:1: unverified: the host went down/ }
  await host.run(`${name}; echo '${other}' >/var/lib/bootc-bound-images/pulls/$name`)
  t.match(
    await host.run('bootc-bound-images gate --at-shutdown'),
    unverified,
    'a record of another id',
  )
  await host.run('rm /var/lib/bootc-bound-images/pulls/*')
  t.match(await host.run('bootc-bound-images gate --at-shutdown'), unverified, 'no record')
  t.equal(await reboot(host), 'v1')
  t.match(await status(host), /web:1 +unverified +\S+ +the host went down while it was pulled/)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate --at-shutdown'), { exitCode: 0 })
  t.equal(await reboot(host), 'v2')
  await host.kill()
})
