import type { Host } from '../lab.ts'

/** @returns a line for each temporary file, stale or failed unit, and fault of the store on a booted host */
export async function leftovers(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.run(look)
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
  if podman system check --help >/dev/null 2>&1; then
    podman system check --quick >/tmp/check 2>&1 || sed 's/^/podman system check: /' /tmp/check
  fi
`
