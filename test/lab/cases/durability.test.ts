// What is on disk only as far as podman knows: data that was not, or could not be, written to the disk.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const start = 'systemctl start bootc-bound-images.target'

/** A sync(1) that fails for whole file systems. */
const failingSync = {
  'usr/bin/sync': {
    contents: `#!/bin/sh
case $1 in -f | --file-system) echo "sync: error syncing '$2': Input/output error" >&2; exit 1 ;; esac
exec /usr/lib/lab/sync "$@"
`,
    mode: 0o755,
  },
  'usr/lib/lab/sync': { contents: readFileSync(join(lab.rootfs, 'usr/bin/sync')), mode: 0o755 },
} as const

t.test('every sync fails: the attempts are counted and delayed as usual', async t => {
  const registry = await lab.registry()
  await registry.push('web:1')
  const settings = configured('RetryLimit=3', 'RetryDelaySec=2', 'ResolveTimeoutSec=0')
  const host = await lab.host({ v1: { ...settings, ...failingSync } })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  await host.run(start)
  const { stdout } = await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)
  t.equal(stdout.split('Trying to pull').length - 1, 3, stdout)
  t.match(stdout, /retrying in 2 s[^]*retrying in 4 s[^]*giving up after 3 attempts/)
  t.notMatch(stdout, /repeated too quickly/)

  const none = await host.run(
    'rm /run/bootc-bound-images/boot; /usr/lib/bootc-bound-images/unmark-pull x /var 2>&1',
  )
  t.strictSame([none.exitCode, none.stdout], [0, ''], 'no pull of this boot has a mark')
  await host.kill()
})
