import type { Host } from '../lab.ts'

/** @returns a line for each temporary file and each stale or failed unit of a booted host */
export async function leftovers(host: Host): Promise<readonly string[]> {
  return lines(host, look)
}

/** @returns a line for each layer and image that podman itself calls damaged, where it can say so */
export async function storeFaults(host: Host): Promise<readonly string[]> {
  return lines(host, check)
}

async function lines(host: Host, script: string): Promise<readonly string[]> {
  const { stdout } = await host.run(script)
  return stdout.split('\n').filter(line => line !== '')
}

const look = `
  boot=$(tr -d - </proc/sys/kernel/random/boot_id)
  find /tmp /var/tmp -maxdepth 1 \\( -name 'container_images*' -o -name 'systemd-private-*' \\) \\
    ! -name "systemd-private-$boot-*" -printf 'temporary file %p\\n'
  find /var/lib/bootc-bound-images /run/bootc-bound-images \\
    \\( -name '*.next' -o -name '*.new' -o -name '*.tmp' -o -name '.?*' \\) -printf 'temporary file %p\\n' 2>/dev/null
  systemctl list-units --all --plain --no-legend 'bootc-pending-*.service' | sed 's/^/pending unit /'
  systemctl list-units --all --plain --no-legend --state=failed 'bootc-*' | sed 's/^/failed unit /'
`

/**
 * Only what podman says of layers: it tries out the file system in directories like overlay/compatN, and killed in
 * that moment, it leaves one there.
 */
const check = `
  podman system check --help >/dev/null 2>&1 || exit 0
  podman system check --quick 2>&1 | grep -E '^Damaged|accounted for' |
    grep -E '[0-9a-f]{64}' | sed 's/^/podman system check: /'
`
