import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { kernelArgument, readEntryFiles, versionIn } from './boot-entry.ts'
import { removedPaths, writeFiles } from './files.ts'
import { inRootfs, runInRootfs } from './nspawn.ts'
import { type Backend, type BootEntry, copySysroot } from './sysroot.ts'
import type { WorkArea } from './work-area.ts'

/** bootc's composefs backend: a deployment is an EROFS image and a directory with its /etc. `composefs/` has the tools. */
export const composefs: Backend = {
  async copyCached(area, to) {
    const tools = toolsOf(area)
    cpSync(join(import.meta.dirname, 'composefs'), tools, { recursive: true })
    await copySysroot(join(area.cache, 'composefs/trees'), treesOf(area))
    for (const dir of ['boot', 'composefs', 'state/deploy', 'state/os/default/var'])
      mkdirSync(join(to, dir), { recursive: true, mode: dir === 'composefs' ? 0o700 : 0o755 })
    await copySysroot(join(area.cache, 'composefs/objects'), join(to, 'composefs'))
  },

  async clone(from, to) {
    await execa('sh', ['-euc', clone, from, to])
  },

  async commit(area, sysroot, { version, base, files, product }) {
    const dir = mkdtempSync(join(area.dir, 'commit-'))
    const [tree, removed, copies] = [join(dir, 'tree'), join(dir, 'removed'), join(dir, 'copies')]
    mkdirSync(tree)
    writeFiles(tree, files)
    writeFileSync(
      removed,
      removedPaths(files)
        .map(path => `${path}\n`)
        .join(''),
    )
    // what the first version needs to be updated
    const system = base === 'base' ? [join(toolsOf(area), 'root'), product ?? []].flat() : []
    const layers = [...system, tree].map((from, index) => {
      const to = `${copies}${index}`
      cpSync(from, to, { recursive: true, verbatimSymlinks: true })
      return to
    })
    const paths = [sysroot, treesOf(area)].map(path => inRootfs(area, path))
    await runInRootfs(area, [
      inRootfs(area, join(toolsOf(area), 'commit')),
      ...paths,
      version,
      base,
      ...[removed, ...layers].map(path => inRootfs(area, path)),
    ])
    rmSync(dir, { recursive: true })
  },

  async deploy(area, sysroot, version) {
    const bootc = inRootfs(area, join(toolsOf(area), 'root/usr/bin/bootc'))
    const setting = `SYSROOT=${inRootfs(area, sysroot)}`
    await runInRootfs(area, ['env', setting, bootc, 'install', version])
  },

  async prepare() {
    // the boot entries are on the disk of the sysroot
  },

  readBootEntries: sysroot =>
    readEntryFiles(sysroot)
      .toSorted((a, b) => (a.get('sort-key') < b.get('sort-key') ? -1 : 1))
      .map(entry => bootEntry(sysroot, entry.get('options'))),

  bootSteps(_area, sysroot, { options, deployment }) {
    const id = kernelArgument(options, 'composefs')
    return {
      before: `
        mkdir -p '${sysroot}.erofs' '${sysroot}.root'
        mount -t erofs -o loop,ro '${sysroot}/composefs/images/${id}' '${sysroot}.erofs'
        mount -t overlay 'composefs:${id}' '${sysroot}.root' \\
          -o 'ro,metacopy=on,redirect_dir=on,lowerdir=${sysroot}.erofs::${sysroot}/composefs/objects'
        umount '${sysroot}.erofs'`,
      after: `umount --lazy '${sysroot}.root'`,
      mounts: [
        `--directory=${sysroot}.root`,
        `--bind-ro=${sysroot}:/sysroot:norbind`,
        `--bind=${join(sysroot, 'boot')}:/boot:norbind`,
        `--bind=${join(deployment, 'etc')}:/etc`,
        `--bind=${composefs.varOf(sysroot)}:/var`,
      ],
      inside: '',
    }
  },

  varOf: sysroot => join(sysroot, 'state/os/default/var'),

  shippedEtc: '/etc',

  finalizer: 'bootc-finalize-staged.service',

  mark: '/run/composefs/staged-deployment',

  stageCommand: version => `bootc switch ${version}`,

  lockedStageCommands: version => ({ 'by its mark': `bootc switch --download-only ${version}` }),

  unstageCommand: `bootc delete $(jq -r .depl_id /run/composefs/staged-deployment)`,

  openRootCommand: (version, directory) =>
    `mkdir ${directory} && bootc internals cfs mount ${idOf(version)} ${directory}`,

  // as `bootc upgrade --soft-reboot=auto` leaves it
  prepareSoftReboot: version => `
    id=${idOf(version)}
    mkdir -p /run/nextroot && bootc internals cfs mount $id /run/nextroot && mount --make-private /run/nextroot
    for dir in sysroot boot var; do mount --bind /$dir /run/nextroot/$dir; done
    mount --bind /sysroot/state/deploy/$id/etc /run/nextroot/etc && mount -o remount,bind,rw /run/nextroot/etc`,

  async rollback(host) {
    const { exitCode, stderr } = await host.run('bootc rollback')
    if (exitCode !== 0) throw new Error(stderr)
  },
}

/** For a shell inside: the ID of a version. */
const idOf = (version: string): string =>
  `$(basename $(readlink /sysroot/composefs/images/refs/debian/${version}))`

const toolsOf = (area: WorkArea) => join(area.dir, 'composefs')

/** What images are made from, by version and shared by all hosts of a lab. */
const treesOf = (area: WorkArea) => join(area.dir, 'trees')

/** The objects are never written to. */
const clone = `
  mkdir -p "$1"
  cp -a "$0/boot" "$0/state" "$1"
  cp -al "$0/composefs" "$1"
`

const bootEntry = (sysroot: string, options: string): BootEntry => {
  const id = kernelArgument(options, 'composefs')
  const deployment = join(sysroot, 'state/deploy', id)
  const version = versionIn(
    join(deployment, `${id}.origin`),
    /^container-image-reference = .*:(.*)$/m,
  )
  return { options, deployment, version }
}
