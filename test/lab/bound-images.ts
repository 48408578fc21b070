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

/** Files that make a host give up on a pull after three tries in a few seconds, and ask no registry before. */
export const fewQuickTries: Files = configured(
  'RetryLimit=3',
  'RetryDelaySec=1',
  'RetryMaxDelaySec=2',
  'ResolveTimeoutSec=0',
)

/** A file of a root with these settings, for one that has no others. */
export function configured(...lines: readonly string[]): Files {
  return { 'usr/lib/bootc-bound-images.conf': `[BoundImages]\n${lines.join('\n')}\n` }
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
