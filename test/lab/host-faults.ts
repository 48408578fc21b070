// Faults of a booted host. A reboot ends all of them but a full disk.
import type { Host } from './host.ts'

/** Takes a program of /usr/bin away, as if it had never been installed; `giveBack` ends that. */
export const takeAway = (host: Host, program: string): Promise<void> =>
  run(
    host,
    `mkdir /run/over && mount -t tmpfs over /run/over && mkdir /run/over/upper /run/over/work &&
     mount -t overlay -o lowerdir=/usr/bin,upperdir=/run/over/upper,workdir=/run/over/work over /usr/bin &&
     rm /usr/bin/${program}`,
  )

export const giveBack = (host: Host): Promise<void> =>
  run(host, 'umount --lazy /usr/bin && umount --lazy /run/over && rmdir /run/over')

/** Makes a directory read-only, with everything in it. */
export const makeReadOnly = (host: Host, directory: string): Promise<void> =>
  run(host, `mount --rbind ${directory} ${directory} && mount -o remount,bind,ro ${directory}`)

/** Puts a small empty file system over a directory. */
export const makeSmall = (host: Host, directory: string, mebibytes: number): Promise<void> =>
  run(host, `mount -t tmpfs -o size=${mebibytes}M small ${directory}`)

/** Makes sync(1) fail for file systems, as for a disk that takes no more writes. */
export const failSync = (host: Host): Promise<void> =>
  run(
    host,
    `cp /usr/bin/sync /run/sync
     printf '#!/bin/sh\n[ "$1" != -f ] || { echo "sync: error syncing" >&2; exit 1; }\nexec /run/sync "$@"\n' >/run/failing-sync
     chmod +x /run/failing-sync && mount --bind /run/failing-sync /usr/bin/sync`,
  )

/** Leaves so many bytes of a directory's file system free; `makeRoom` ends that. */
export const fill = (host: Host, directory: string, bytesLeft: number): Promise<void> =>
  run(
    host,
    `fallocate --length $(($(df --output=avail --block-size=1 ${directory} | tail -n 1) - ${bytesLeft})) ${directory}/filler`,
  )

export const makeRoom = (host: Host, directory: string): Promise<void> =>
  run(host, `rm ${directory}/filler`)

/**
 * Holds the lock that podman takes to open its store, until `unlockStore` or, when the host shuts down, to the
 * very end. fcntl(2), because flock(2) does not concern podman.
 */
export const lockStore = (host: Host): Promise<void> =>
  run(
    host,
    `systemd-run --quiet --collect --unit=store-lock --property=DefaultDependencies=no \\
       --service-type=notify --property=NotifyAccess=all perl -MFcntl -e '${holdLock}'`,
  )

const holdLock = [
  'open my $file, "+>>", "/var/lib/containers/storage/storage.lock" or die $!',
  'my $lock = pack "s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0',
  'fcntl $file, F_SETLKW, $lock or die $!',
  'system "systemd-notify", "--ready"',
  'sleep',
].join(';')

export const unlockStore = (host: Host): Promise<void> => run(host, 'systemctl stop store-lock')

const journal = 'systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service'

export const stopJournal = (host: Host): Promise<void> =>
  run(host, `systemctl stop ${journal} systemd-journald-audit.socket`)

export const startJournal = (host: Host): Promise<void> => run(host, `systemctl start ${journal}`)

async function run(host: Host, script: string): Promise<void> {
  const { exitCode, stdout, stderr } = await host.run(script)
  if (exitCode !== 0) throw new Error(`${script}: ${stdout}\n${stderr}`)
}
