// The product is upgraded between a staging and the reboot: units and state of version 0.1.0 meet this one.
import t from 'tap'
import { boundImages, configured, imageSpec, imagesOn } from '../bound-images.ts'
import { type Host, Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const run = '/run/bootc-bound-images'
const start = 'systemctl start bootc-bound-images.target'

/** A unit as version 0.1.0 rendered it, by what differs from image to image. */
const unitOf010 = (name: string, pull: string, record: string) => `[Unit]
Description=Pull bound image
Documentation=man:bootc-bound-images(8) man:podman-pull(1)
Wants=network-online.target
After=network-online.target
After=bootc-bound-images-repair.service
Before=bootc-bound-images-flush.service
Before=bootc-bound-images-settle.service
StartLimitIntervalSec=infinity
StartLimitBurst=26

[Service]
Type=oneshot
RemainAfterExit=yes
Slice=bootc-pending.slice
Environment=RETRY_LIMIT=6 RETRY_DELAY_SEC=1 RETRY_MAX_DELAY_SEC=2
ExecStartPre=+/usr/lib/bootc-bound-images/retry-delay %n /usr/lib/bootc-bound-images/mark-pull ${name}
Environment=GOGC=400
ExecStart=${pull}
SyslogLevelPrefix=no
ExecStartPost=${record}
ExecStopPost=/usr/lib/bootc-bound-images/unmark-pull ${name} /var/lib/containers/storage
ExecStopPost=+/usr/lib/bootc-bound-images/give-up %n
Restart=on-failure
RestartSec=100ms
TimeoutStartSec=3600
TimeoutStopSec=10
PrivateTmp=yes
ReadWritePaths=-/var/lib/containers/storage -/run/containers/storage
StateDirectory=bootc-bound-images
StateDirectoryMode=0700
`

/** The gate of version 0.1.0 in the place of ours. */
const gateOf010 = `
  d=/run/systemd/system/ostree-finalize-staged.service.d; mkdir -p $d
  ln -s /dev/null $d/50-bootc-bound-images.conf
  cat >$d/zz-bootc-bound-images.conf <<'END'
[Service]
ExecStop=
ExecStop=/usr/bin/timeout 90 /usr/bin/bootc-bound-images gate
ExecStop=/usr/bin/ostree admin finalize-staged
END
  systemctl daemon-reload`

const line = (text: string, key: string) => new RegExp(`^${key}=(.*)$`, 'mu').exec(text)?.[1] ?? ''

/** What version 0.1.0 left in /run when it had staged what is staged now; the units are those that it chose. */
async function stageAs010(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.run('bootc-bound-images show')
  const texts = [...stdout.matchAll(/^---(.*)---$([^]*?)(?=^---|(?![^]))/gmu)].map(
    ([, name = '', text = '']) => ({ name, text }),
  )
  const units = texts.filter(({ name }) => !name.includes('/'))
  const files = units.map(({ name, text }) => [
    name,
    name.endsWith('.target')
      ? text
      : unitOf010(
          name.replace('.service', ''),
          line(text, 'ExecStart').replace(/^\S*until-stalled /u, ''),
          line(text, 'ExecStartPost'),
        ),
  ])
  const write = files.map(([name, text]) => `cat >${run}/sets/1/${name} <<'EOF'\n${text}\nEOF`)
  await host.run(`mkdir -p ${run}/sets/1; chmod 700 ${run} ${run}/sets
    ${write.join('\n')}
    ln -s sets/1 ${run}/units; ln -s 1 ${run}/loaded; : >${run}/staging
    cp /run/ostree/staged-deployment ${run}/
    stat -c %.9Y /sysroot/ostree/deploy | tr -d '.\\n' >${run}/deployments-changed
    systemctl daemon-reload`)
  return units.map(({ name }) => name)
}

t.test('pulls that are done or under way go on, and the update is applied', async t => {
  const images = await Promise.all(
    ['web', 'db'].map(
      async name => `${name}@${await registry.push(`${name}:1`, { bytes: 50_000 })}`,
    ),
  )
  const v1 = configured('RetryDelaySec=1', 'RetryMaxDelaySec=2', 'ResolveTimeoutSec=0')
  const host = await lab.host({ v1 })
  const specs = images.map((image, index) => [`${index}.image`, imageSpec(registry, image)])
  await host.commit('v2', { ...boundImages(Object.fromEntries(specs)), ...v1 })
  await host.run(`systemctl stop bootc-bound-images.path bootc-bound-images-gate; ${gateOf010}`)
  await host.stage('v2')
  registry.fail({ match: '/db/manifests/', status: 500 })
  const units = await stageAs010(host)
  const target = units.find(name => name.endsWith('.target'))
  await host.run(`systemctl start --no-block ${target}`)
  await host.run(
    `until ls /var/lib/bootc-bound-images/pulls/* && ls ${run}/attempts/*; do sleep 0.2; done`,
  )
  registry.forget()
  // What make install does on a running host.
  await host.run(
    `rm -r /run/systemd/system/ostree-finalize-staged.service.d; systemctl daemon-reload
     systemctl start bootc-bound-images-guard bootc-bound-images-gate bootc-bound-images-stage`,
  )
  registry.heal()
  t.match(await host.run(start), { exitCode: 0 })
  t.notOk(
    registry.requests.some(({ url }) => url.includes('/web/blobs/')),
    'what was pulled is not pulled again',
  )
  await registry.stop()
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  const names = images.map(image => `${registry.address}/${image}`)
  t.strictSame(await imagesOn(host, names), names)

  // Members that 0.1.0 wrote too, and a file that only it had.
  await host.run(
    `cd /var/lib/bootc-bound-images && echo '{"a":["b"]}' >layers.json &&
     for file in deployments/*.json; do
       jq '.receivedBytes = 1 | .images[].plannedBytes = 2' $file >/tmp/record && cp /tmp/record $file
     done`,
  )
  t.match(await host.run('bootc-bound-images activate'), { exitCode: 0, stderr: '' })
  t.match(await host.run('bootc-bound-images status'), { exitCode: 0, stderr: '' })
  t.match(await host.run('bootc-bound-images stage'), { exitCode: 0, stderr: '' })
  t.strictSame(await imagesOn(host, names), names, 'nothing is pruned that the record needs')
  await host.kill()
  await registry.start()
})
