import { mkdirSync } from 'node:fs'
import { execa } from 'execa'
import { makeDisk, mountDisk } from './disk-file.ts'
import type { Files } from './files.ts'
import type { CommandResult } from './host.ts'
import type { WorkArea } from './work-area.ts'

/** What a version is made of. */
export interface Commit {
  readonly version: string
  /** Another version, or `base`, the cached Debian. */
  readonly base: string
  readonly files: Files
  /** The product, which goes between base and files. */
  readonly product?: string | undefined
}

/** What a boot loader knows of a deployment that it can start. */
export interface BootEntry {
  /** The kernel command line. */
  readonly options: string
  /** Directory of the deployment, outside of the host: its /etc is in there. */
  readonly deployment: string
  readonly version: string
}

/** What boot loader, kernel and initramfs do until systemd starts. */
export interface BootSteps {
  /** For a shell outside, before the container starts. */
  readonly before: string
  /** For a shell outside, when the container has its own view of what was mounted. */
  readonly after: string
  /** systemd-nspawn's options for the root and what is mounted there. */
  readonly mounts: readonly string[]
  /** For a shell inside, right before systemd. */
  readonly inside: string
}

/** A kind of hosts: where their sysroot has what, how they boot, and the tool that updates them. */
export interface Backend {
  /** Copies the cached sysroot, with a data block of its own for every byte. */
  copyCached(area: WorkArea, to: string): Promise<void>
  /** Copies a sysroot that is not booted. Files that are only ever replaced are shared. */
  clone(from: string, to: string): Promise<void>
  commit(area: WorkArea, sysroot: string, commit: Commit): Promise<void>
  /** Makes a committed version the default of a sysroot that is not booted. */
  deploy(area: WorkArea, sysroot: string, version: string): Promise<void>
  /** What a sysroot needs once before its host boots. */
  prepare(sysroot: string): Promise<void>
  /** The one that is started unless somebody chooses another comes first. */
  readBootEntries(sysroot: string): readonly BootEntry[]
  bootSteps(area: WorkArea, sysroot: string, entry: BootEntry): BootSteps
  /** The directory of the host's /var. */
  varOf(sysroot: string): string
  /** The directory of a root with the /etc that it ships. */
  readonly shippedEtc: string
  /** The service that finalizes what is staged, at shutdown. */
  readonly finalizer: string
  /** The file that is there while something is staged. */
  readonly mark: string
  /** For a shell inside: stages a version. It is done when a shutdown would finalize it. */
  stageCommand(version: string): string
  /** The ways of staging a version that shall not be finalized. */
  lockedStageCommands(version: string): Readonly<Record<string, string>>
  /** Makes a version the default at once; undefined where there is no such tool. */
  deployCommand?(version: string): string
  /** Removes what is staged. */
  readonly unstageCommand: string
  /** Makes the root of a version visible in a new directory, which is a mount or not. */
  openRootCommand(version: string, directory: string): string
  /** Makes a staged version the next root of a soft reboot. */
  prepareSoftReboot(version: string): string
  /** Makes the deployment that is not booted the default. */
  rollback(host: RunningHost): Promise<void>
}

interface RunningHost {
  readonly sysroot: string
  run(script: string): Promise<CommandResult>
}

/** Copies a sysroot that is not booted, with a data block of its own for every byte. */
export const copySysroot = async (from: string, to: string): Promise<void> => {
  await execa('cp', ['-a', '--reflink=auto', from, to])
}

/** Moves a host's /var to a disk of a limited size, before it boots. The janitor unmounts it. */
export const limitVar = async (directory: string, file: string, mebibytes: number) => {
  const disk = { fileSystem: 'ext4', file } as const
  await makeDisk({ ...disk, bytes: mebibytes * 2 ** 20 })
  await execa('mv', [directory, `${directory}.old`])
  mkdirSync(directory)
  await mountDisk(disk, directory)
  await execa('sh', ['-euc', 'cp -a "$0.old/." "$0"; rm -r "$0.old"', directory])
}
