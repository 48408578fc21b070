import type { Files } from './files.ts'
import type { Host } from './host.ts'
import type { Registry } from './registry.ts'

/** Files of a root with these specs, name -> text, each linked into bound-images.d. */
export function boundImages(specs: Readonly<Record<string, string>>): Files {
  return Object.fromEntries(
    Object.entries(specs).flatMap(([name, text]) => [
      [`usr/share/containers/systemd/${name}`, text],
      [
        `usr/lib/bootc/bound-images.d/${name}`,
        { symlink: `/usr/share/containers/systemd/${name}` },
      ],
    ]),
  )
}

/** Text of a `.image` for an image of the lab's registry, which speaks plain HTTP. */
export function imageSpec(
  registry: Registry,
  reference: string,
  ...more: readonly string[]
): string {
  const lines = [`Image=${registry.address}/${reference}`, 'TLSVerify=false', ...more]
  return `[Image]\n${lines.join('\n')}\n`
}

/** Files that make a host give up on a pull after three tries in a few seconds. */
export const fewQuickTries: Files = {
  'usr/lib/systemd/system/bootc-pending-.service.d/50-lab.conf': `[Unit]
StartLimitBurst=3
[Service]
Environment=RETRY_DELAY_SEC=1 RETRY_MAX_DELAY_SEC=2
`,
}

/** Those of the images that podman has on the host. */
export async function imagesOn(host: Host, names: readonly string[]): Promise<readonly string[]> {
  const look = names.map(name => `if podman image exists '${name}'; then echo '${name}'; fi`)
  const { stdout } = await host.run(look.join('\n'))
  return stdout.split('\n').filter(line => line !== '')
}

/** Names of the pending units that systemd has loaded. */
export async function pendingUnits(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.run(
    'systemctl list-units --all --plain --no-legend "bootc-pending-*.service"',
  )
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split(' ')[0] ?? '')
    .toSorted()
}
