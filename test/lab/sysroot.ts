import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { makeDisk, mountDisk } from './disk-file.ts'
import { type Files, removedPaths, writeFiles } from './files.ts'
import { inRootfs, runInRootfs } from './nspawn.ts'
import type { WorkArea } from './work-area.ts'

/** The refspec of a version's commit. */
export const refOf = (version: string): string => `debian/${version}`

/** Commits `version` as the tree of `base` (any ref) with directories and files laid over it. */
export const commit = async (
  area: WorkArea,
  sysroot: string,
  request: {
    readonly version: string
    readonly base: string
    readonly files: Files
    /** A directory that goes between base and files. */
    readonly overlay?: string | undefined
  },
): Promise<void> => {
  const dir = mkdtempSync(join(area.dir, 'commit-'))
  const tree = join(dir, 'tree')
  const skip = join(dir, 'skip')
  mkdirSync(tree)
  writeFiles(tree, request.files)
  const removed = removedPaths(request.files)
  writeFileSync(skip, removed.map(path => `${path}\n`).join(''))

  const trees = [
    `--tree=ref=${request.base}`,
    ...[request.overlay ?? [], tree].flat().map(path => `--tree=dir=${inRootfs(area, path)}`),
  ]
  await runInRootfs(area, [
    'ostree',
    `--repo=${inRootfs(area, sysroot)}/ostree/repo`,
    'commit',
    `--branch=${refOf(request.version)}`,
    `--subject=${request.version}`,
    `--add-metadata-string=version=${request.version.replace(/^v/, '')}`,
    ...(removed.length > 0 ? [`--skip-list=${inRootfs(area, skip)}`] : []),
    ...trees,
  ])
  rmSync(dir, { recursive: true })
}

/** Makes a committed version the default of a sysroot that is not booted. */
export const deploy = async (area: WorkArea, sysroot: string, version: string): Promise<void> => {
  await runInRootfs(area, [
    'ostree',
    'admin',
    'deploy',
    `--sysroot=${inRootfs(area, sysroot)}`,
    '--os=debian',
    '--karg=root=LABEL=lab',
    refOf(version),
  ])
}

/** Copies a sysroot that is not booted, with a data block of its own for every byte. */
export const copySysroot = async (from: string, to: string): Promise<void> => {
  await execa('cp', ['-a', '--reflink=auto', from, to])
}

/**
 * The same in a tenth of the time: what ostree itself shares by hard links and replaces instead of
 * changing (objects of the repository and, checked out from them, /usr) is shared by the copies too.
 */
export const cloneSysroot = async (from: string, to: string): Promise<void> => {
  await execa('sh', ['-euc', clone, from, to])
}

const clone = `
  cp -al "$0" "$1"
  cd "$0"
  for part in boot ostree/deploy/*/var ostree/deploy/*/deploy/*.origin \\
              ostree/deploy/*/deploy/*/etc ostree/repo/.lock ostree/repo/[!o]*; do
    [ -e "$part" ] || continue
    rm -r "$1/$part"
    cp -a "$part" "$1/$part"
  done
`

/** Moves /var of a sysroot that is not booted to a disk of a limited size. The janitor unmounts it. */
export const limitVar = async (sysroot: string, mebibytes: number): Promise<void> => {
  const directory = join(sysroot, 'ostree/deploy/debian/var')
  const disk = { fileSystem: 'ext4', file: `${sysroot}.var` } as const
  await makeDisk({ ...disk, bytes: mebibytes * 2 ** 20 })
  await execa('mv', [directory, `${directory}.old`])
  mkdirSync(directory)
  await mountDisk(disk, directory)
  await execa('sh', ['-euc', 'cp -a "$0.old/." "$0"; rm -r "$0.old"', directory])
}

/**
 * Moves /boot to a file system in memory. ostree freezes that of /boot at finalization, which would be the disk
 * that all hosts of a lab share, and staging on another one fails in that moment. (Its option `skip-sync` does not
 * spare it this.)
 */
export const moveBoot = async (sysroot: string): Promise<void> => {
  await moveToMemory(join(sysroot, 'boot'), '10M')
}

/** The janitor unmounts it. */
const moveToMemory = async (directory: string, size: string): Promise<void> => {
  await execa('sh', ['-euc', moveScript, directory, size])
}

const moveScript = `
  mv "$0" "$0.old"
  mkdir "$0"
  mount -t tmpfs -o "size=$1,mode=755" lab "$0"
  cp -a "$0.old/." "$0"
  rm -r "$0.old"
`
