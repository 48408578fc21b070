import type { Host } from './host.ts'
import type { Registry } from './registry.ts'

/** Gives a host an image of its own, which no fault may harm. */
export async function pullOwnImage(host: Host, registry: Registry): Promise<void> {
  await registry.push('own:1', { files: { id: 'of the running OS' } })
  const pull = `podman image pull --tls-verify=false ${registry.address}/own:1`
  const { exitCode, stderr } = await host.run(pull)
  if (exitCode !== 0) throw new Error(`${pull}: ${stderr}`)
}

/**
 * What a fault left on a host, or took from it.
 *
 * @returns lines for people, none when all is well
 */
export async function harm(host: Host, registry: Registry): Promise<readonly string[]> {
  const own = `${registry.address}/own:1`
  const { stdout, stderr } = await host.run(`
    [ "$(cat "$(podman image mount ${own})/id")" = 'of the running OS' ] || echo 'the own image is damaged'
    podman image unmount ${own} >/dev/null
    find /var/tmp -name 'container_images*'
    systemctl list-units --failed --plain --no-legend 'bootc-*'
    [ -e /run/ostree/staged-deployment ] || systemctl list-units --all --plain --no-legend 'bootc-pending-*'
  `)
  return `${stdout}\n${stderr}`.split('\n').filter(line => line !== '')
}
