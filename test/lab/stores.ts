import { configured } from './bound-images.ts'
import type { Layout } from './campaign/host-disks.ts'
import type { Files } from './files.ts'

/** A way to keep the image store. */
export interface Store {
  /** For docs/stores.md. */
  readonly description: string
  /** The disks below /var. */
  readonly disks: Layout
  /** Directories of /var that are there before the first boot. */
  readonly directories?: readonly string[]
  /** Files of v1, the first OS. */
  readonly v1?: Files
  /** As of `BootOptions`, for every boot. */
  readonly binds?: readonly string[]
}

const ownDisk: Layout = { '': 'ext4', disk: 'ext4' }

/** `/var/disk`, where the lab mounts a disk, stands for that disk. */
export const fstab = (at: string, options: string): Files => ({
  '/etc/fstab': `/var/disk ${at} none bind,${options} 0 0\n`,
})

export const storageConf = (directory: string, ...more: readonly string[]): Files => ({
  '/etc/containers/storage.conf': [
    '[storage]',
    'driver = "overlay"',
    'runroot = "/run/containers/storage"',
    `graphroot = "${directory}"`,
    ...more,
    '',
  ].join('\n'),
})

/** A network that comes up as NetworkManager's does, after basic.target. */
export const network: Files = {
  'usr/lib/systemd/system/lab-network.service':
    '[Unit]\nWants=network.target\nBefore=network.target network-online.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\n',
  'usr/lib/systemd/system/multi-user.target.wants/lab-network.service': {
    symlink: '../lab-network.service',
  },
}

export const stores = {
  plain: { description: 'a directory of `/var`', disks: { '': 'ext4' } },
  btrfs: {
    description: 'a subvolume of a btrfs at `/var/lib/containers`',
    disks: { '': 'ext4', 'lib/containers': 'btrfs' },
  },
  nofail: {
    description: 'a disk at `/var/lib/containers`, with `nofail`',
    disks: ownDisk,
    directories: ['lib/containers'],
    v1: fstab('/var/lib/containers', 'nofail'),
  },
  netdev: {
    description: 'a disk at `/var/lib/containers`, with `_netdev`',
    disks: ownDisk,
    directories: ['lib/containers'],
    v1: {
      ...network,
      ...fstab('/var/lib/containers', '_netdev,x-systemd.requires=lab-network.service'),
    },
  },
  automount: {
    description: 'a disk at `/var/lib/containers`, with `x-systemd.automount`',
    disks: ownDisk,
    directories: ['lib/containers'],
    v1: fstab('/var/lib/containers', 'x-systemd.automount'),
    binds: ['/dev/autofs'],
  },
  graphroot: {
    description: 'a disk at `/var/lib/containers/storage`, with `nofail`',
    disks: ownDisk,
    directories: ['lib/containers/storage'],
    v1: fstab('/var/lib/containers/storage', 'nofail'),
  },
  data: {
    description: '`graphroot` below `/var/data`, a disk with `nofail`',
    disks: ownDisk,
    directories: ['data'],
    v1: { ...storageConf('/var/data/containers/storage'), ...fstab('/var/data', 'nofail') },
  },
  imagestore: {
    description: '`imagestore` at `/var/images`, a disk with `nofail`',
    disks: ownDisk,
    directories: ['images'],
    v1: {
      ...storageConf('/var/lib/containers/storage', 'imagestore = "/var/images"'),
      ...fstab('/var/images', 'nofail'),
    },
  },
  thin: {
    description: 'a thin disk at `/var/lib/containers` that has no room for what it promised',
    disks: { '': 'ext4', 'lib/containers': 'thin' },
  },
} satisfies Readonly<Record<string, Store>>

export type StoreName = keyof typeof stores

/** For hosts with any store: as many attempts as always, and none that takes longer than a test is patient. */
export const quickTries = configured('RetryDelaySec=1', 'RetryMaxDelaySec=2', 'FlushTimeoutSec=20')
