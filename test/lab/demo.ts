// The main job, step by step, with the commands an administrator would type and what they print.
import { boundImages, fewQuickTries, imageSpec } from './bound-images.ts'
import { type Host, Lab } from './lab.ts'

const say = (text: string) => process.stdout.write(`${text}\n`)

let steps = 0
function step(title: string, ...text: readonly string[]): void {
  say(`\n\u001b[1m${++steps}. ${title}\u001b[0m`)
  for (const line of text) say(line)
}

/** Shows a command and its output; an exit status other than the expected one ends the demo. */
async function show(host: Host, command: string, expectedExitCode = 0): Promise<void> {
  say(`\n  # ${command}`)
  const { exitCode, stdout, stderr } = await host.run(command)
  for (const line of `${stdout}\n${stderr}`.split('\n').filter(text => text !== ''))
    say(`  ${line}`)
  if (exitCode !== 0) say(`  (exit status ${exitCode})`)
  if (exitCode !== expectedExitCode) throw new Error(`${command}: exit status ${exitCode}`)
}

async function reboot(host: Host): Promise<void> {
  say('\n  # systemctl reboot')
  await host.run('systemctl --no-block reboot')
  await host.untilOff()
  await host.boot()
  say(`  (now booted: ${host.bootedVersion()})`)
}

function expect(host: Host, version: string): void {
  if (host.bootedVersion() !== version)
    throw new Error(`booted ${host.bootedVersion()}, not ${version}`)
}

async function demo(lab: Lab): Promise<void> {
  step(
    'A registry and an image-based host',
    'The host boots in a container: systemd is PID 1, and its OS is an ostree deployment, version v1.',
    'The registry holds three images that version v2 of the OS will need.',
  )
  const registry = await lab.registry()
  for (const image of ['web:1', 'cache:1', 'db:1']) {
    const digest = await registry.push(image, { files: { id: image }, bytes: 1_000_000 })
    say(`  ${registry.address}/${image}  ${digest}`)
  }
  // So that a pull which cannot succeed gives up within the patience of who watches.
  const host = await lab.host({ v1: fewQuickTries })
  const images = (...names: readonly string[]) =>
    boundImages(
      Object.fromEntries(names.map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])),
    )
  await host.commit('v2', images('web', 'cache', 'db'))
  await show(host, 'ostree admin status')
  await show(host, 'podman images')

  step(
    'Version v2 is staged',
    'Any tool may do this: bootc upgrade, rpm-ostree upgrade or, here, ostree.',
  )
  await show(host, 'ostree admin deploy --stage debian/v2')
  const { stdout: root } = await host.run(
    'ls -d /ostree/deploy/debian/deploy/$(ostree rev-parse debian/v2).0',
  )
  await show(host, `ls -o ${root}/usr/lib/bootc/bound-images.d`)
  await show(host, `cat ${root}/usr/share/containers/systemd/web.image`)

  step('systemd pulls its bound images', 'This has begun by itself; the command waits for it.')
  await show(host, 'systemctl start bootc-bound-images.target')
  await show(host, 'bootc-bound-images status')
  await show(host, 'systemctl list-units --no-legend "bootc-pending-*"')
  await show(host, 'journalctl --no-hostname -o short -u "bootc-pending-*" | tail -n 8')
  const { stdout: unit } = await host.run(
    `cd /run/bootc-bound-images/units && grep --files-with-matches /web:1 bootc-pending-*`,
  )
  await show(host, `cat /run/bootc-bound-images/units/${unit}`)

  step('The host reboots', 'The registry is switched off: everything is on disk already.')
  await registry.stop()
  await reboot(host)
  expect(host, 'v2')
  await show(host, 'ostree admin status')
  await show(host, 'podman images')
  await registry.start()

  step('Version v3 needs an image that does not exist', 'The gate keeps the host on v2.')
  await host.commit('v3', images('web', 'search'))
  await show(host, 'ostree admin deploy --stage debian/v3')
  await show(host, 'systemctl start bootc-bound-images.target', 1)
  await reboot(host)
  expect(host, 'v2')
  await show(host, 'bootc-bound-images status')
  await host.shutdown()
}

const lab = await Lab.open()
try {
  await demo(lab)
  say('\nThat was all. The host, the registry and their files are removed again.')
} finally {
  await lab.close()
}
