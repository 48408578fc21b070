// bootc's timer, which reboots for each update that it finds.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { boundImages, fewQuickTries, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'
import { until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()

const service = 'bootc-fetch-apply-updates.service'
const dropIn = `${service}.d/50-bootc-bound-images.conf`
const installed = readFileSync(new URL(`../../../units/${dropIn}.in`, import.meta.url), 'utf8')

// The lines of bootc's service that matter, and a bootc that always finds v2.
const bootc = {
  [`usr/lib/systemd/system/${service}`]:
    '[Service]\nType=oneshot\nExecStart=/usr/bin/bootc upgrade --apply --quiet\n',
  [`usr/lib/systemd/system/${dropIn}`]: installed.replaceAll(
    '@pkglibdir@',
    '/usr/lib/bootc-bound-images',
  ),
  'usr/bin/bootc': {
    mode: 0o755,
    contents: `#!/bin/sh
[ -e /usr/no-update ] || ostree admin deploy --stage debian/v2 || exit
case "$*" in *--apply*) systemctl --no-block reboot ;; esac
`,
  },
}

t.test('it reboots once all images are on disk, and not before', async t => {
  const host = await lab.host({ v1: { ...fewQuickTries, ...bootc } })
  await host.commit('v2', boundImages({ 'late.image': imageSpec(registry, 'late:1') }))
  for (const round of [1, 2]) {
    t.match(await host.run(`systemctl start ${service}`), { exitCode: 1 }, `tick ${round}`)
    t.equal((await host.run('systemctl is-system-running')).stdout, 'degraded')
  }
  await registry.push('late:1')
  await host.run(`systemctl start --no-block ${service}`)
  await host.untilOff()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

t.test('without an update it does nothing', async t => {
  const host = await lab.host({ v1: { ...bootc, 'usr/no-update': '' } })
  t.match(await host.run(`systemctl start ${service}`), { exitCode: 0 })
  await until(host, '[ "$(systemctl is-system-running)" = running ]')
  await host.kill()
})
