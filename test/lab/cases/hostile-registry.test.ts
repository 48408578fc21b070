// A registry answers each question about a manifest as no registry should. What it says must not become a directive, an
// argument or a control character, must cost little, and must not stop the image of another registry.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { hostileAnswers, latin1, startHostileRegistry } from '../hostile-registry.ts'
import { Lab } from '../lab.ts'

const maxSeconds = 5
const maxMegabytes = 300

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('healthy:1')
const hostile = await startHostileRegistry()
t.teardown(() => hostile.stop())
const usage = '/run/bootc-bound-images/usage'
const measured = `[Service]\nEnvironment=NODE_OPTIONS=--require=/usr/lib/report-usage.cjs USAGE=${usage}\n`
// A line feed and a tab are ours.
// The expression finds control characters. That is its purpose.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

const settings = ['RetryLimit=1', 'ResolveTimeoutSec=15', 'PullTimeoutSec=20', 'MaxParallel=16']
const names = Object.keys(hostileAnswers)
const spec = (name: string) => `[Image]\nImage=${hostile.address}/${name}:1\nTLSVerify=false\n`

t.test('hostile answers', { timeout: 400_000 }, async t => {
  const unit = 'usr/lib/systemd/system/bootc-bound-images'
  const host = await lab.host({
    v1: {
      ...configured(...settings),
      'usr/lib/report-usage.cjs': readFileSync(
        new URL('../report-usage.cjs', import.meta.url),
        'utf8',
      ),
      [`${unit}-stage.service.d/usage.conf`]: measured,
      [`${unit}-wait.service.d/usage.conf`]: measured,
    },
  })
  const specs = Object.fromEntries(names.map(name => [`${name}.image`, spec(name)]))
  await host.commit(
    'v2',
    boundImages({ ...specs, 'healthy.image': imageSpec(registry, 'healthy:1') }),
  )
  await host.stage('v2')
  const begin = Date.now()
  t.match(await host.run('systemctl start bootc-bound-images.target', { timeoutMs: 300_000 }), {
    exitCode: 1,
  })
  t.comment(`${names.length} answers, ${Math.round((Date.now() - begin) / 1000)} s`)

  const status = await host.run(
    `NODE_OPTIONS=--require=/usr/lib/report-usage.cjs USAGE=${usage} bootc-bound-images status`,
  )
  const asJson = await host.run('bootc-bound-images status --json')
  for (const { stdout, stderr } of [status, asJson]) {
    t.equal(control.exec(`${stdout}${stderr}`)?.[0], undefined, 'no control character')
    t.notMatch(stdout, /^(?:<0>|\[Service\]|ExecStart=)/m)
  }
  t.match(status.stdout, /healthy:1 +present/)
  for (const name of names)
    t.match(status.stdout, new RegExp(`/${name}:1 +(?:failed|missing)`, 'u'), name)
  const longest = status.stdout.split('\n').reduce((most, line) => Math.max(most, line.length), 0)
  t.ok(longest < 3000, `the longest line of status has ${longest} characters`)

  const { stdout: units } = await host.run(
    "systemctl cat 'bootc-pending-*.service' | grep -a ^ExecStart=",
  )
  const known =
    /^ExecStart=\S+(?: \S+)* podman image pull |^ExecStart=.*\/podman image pull --tls-verify=false 127\.0\.0\.1:\d+\/[a-z0-9-]+(?::1|@sha256:[0-9a-f]{64})$|^ExecStart=.*by-digest-or-tag /u
  const lines = units.split('\n').filter(line => line !== '')
  // For one there is no room.
  t.equal(lines.length, names.length, 'that of the healthy image, and all others but one')
  t.strictSame(lines.filter(line => !known.test(line)).slice(0, 3), [], 'each command is a pull')
  t.strictSame(
    lines.filter(line => /all-tags|evil|%n|\$X/u.test(line)),
    [],
  )
  const digest = createHash('sha256').update(latin1).digest('hex')
  t.ok(units.includes(`/latin1@sha256:${digest}`), 'the digest is that of the bytes')
  t.match(await host.run('test ! -e /run/evil'), { exitCode: 0 })

  const { stdout: used } = await host.run(`cat ${usage}`)
  for (const line of used.trim().split('\n')) {
    const {
      userCPUTime,
      systemCPUTime,
      maxRSS,
      command,
    }: NodeJS.ResourceUsage & { command: string } = JSON.parse(line)
    const seconds = (userCPUTime + systemCPUTime) / 1e6
    t.ok(seconds < maxSeconds, `${command}: ${seconds} s`)
    t.ok(maxRSS / 1000 < maxMegabytes, `${command}: ${maxRSS / 1000} MB`)
  }
  const { stdout: entries } = await host.run("journalctl -b -o cat -u 'bootc-pending-*' | wc -l")
  t.comment(`${entries} lines in the journal`)
  await host.kill()
})
