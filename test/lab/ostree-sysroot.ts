import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { kernelArgument, readEntryFiles, versionIn } from './boot-entry.ts'
import { removedPaths, writeFiles } from './files.ts'
import { inRootfs, runInRootfs } from './nspawn.ts'
import { type Backend, type BootEntry, copySysroot } from './sysroot.ts'

/** ostree: a deployment is a directory, and `ostree admin` updates. */
export const ostree: Backend = {
  copyCached: (area, to) => copySysroot(join(area.cache, 'sysroot'), to),

  async clone(from, to) {
    await execa('sh', ['-euc', clone, from, to])
  },

  async commit(area, sysroot, { version, base, files, product }) {
    const dir = mkdtempSync(join(area.dir, 'commit-'))
    const tree = join(dir, 'tree')
    const skip = join(dir, 'skip')
    mkdirSync(tree)
    writeFiles(tree, files)
    const removed = removedPaths(files)
    writeFileSync(skip, removed.map(path => `${path}\n`).join(''))
    await runInRootfs(area, [
      'ostree',
      `--repo=${inRootfs(area, sysroot)}/ostree/repo`,
      'commit',
      `--branch=${refOf(version)}`,
      `--subject=${version}`,
      `--add-metadata-string=version=${version.replace(/^v/, '')}`,
      ...(removed.length > 0 ? [`--skip-list=${inRootfs(area, skip)}`] : []),
      `--tree=ref=${refOf(base)}`,
      ...[product ?? [], tree].flat().map(path => `--tree=dir=${inRootfs(area, path)}`),
    ])
    rmSync(dir, { recursive: true })
  },

  async deploy(area, sysroot, version) {
    await runInRootfs(area, [
      'ostree',
      'admin',
      'deploy',
      `--sysroot=${inRootfs(area, sysroot)}`,
      '--os=debian',
      '--karg=root=LABEL=lab',
      refOf(version),
    ])
  },

  /**
   * Moves /boot to a file system in memory. ostree freezes that of /boot at finalization, which would be the disk
   * that all hosts of a lab share, and staging on another one fails in that moment. (Its option `skip-sync` does
   * not spare it this.) The janitor unmounts it.
   */
  async prepare(sysroot) {
    await execa('sh', ['-euc', moveToMemory, join(sysroot, 'boot'), '10M'])
  },

  readBootEntries: sysroot =>
    readEntryFiles(sysroot)
      .toSorted((a, b) => Number(b.get('version')) - Number(a.get('version')))
      .map(entry => bootEntry(sysroot, entry.get('options'))),

  bootSteps(area, sysroot, { deployment }) {
    const booted = join(area.dir, 'ostree-booted')
    writeFileSync(booted, sysrootReadOnly)
    return {
      before: '',
      after: '',
      mounts: [
        `--directory=${deployment}`,
        // norbind: the container's own mounts below the deployment are not to be seen twice
        `--bind-ro=${sysroot}:/sysroot:norbind`,
        `--bind=${join(sysroot, 'boot')}:/boot:norbind`,
        // the stateroot of this deployment need not be the first one
        `--bind=${join(deployment, '../../var')}:/var`,
        '--bind-ro=+/usr:/usr',
        `--bind-ro=${booted}:/run/lab/ostree-booted`,
      ],
      inside: 'cp /run/lab/ostree-booted /run/ostree-booted; mkdir -p /run/ostree',
    }
  },

  varOf: sysroot => join(sysroot, 'ostree/deploy/debian/var'),

  shippedEtc: '/usr/etc',

  finalizer: 'ostree-finalize-staged.service',

  mark: '/run/ostree/staged-deployment',

  stageCommand: version => `ostree admin deploy --stage ${refOf(version)} && ${untilFinalizable}`,

  lockedStageCommands: version => ({
    'by its mark': `ostree admin deploy --stage --lock-finalization ${refOf(version)}`,
    'by a file': `ostree admin deploy --stage ${refOf(version)} && touch ${ostree.mark}-locked`,
  }),

  deployCommand: version => `ostree admin deploy ${refOf(version)}`,

  unstageCommand: 'ostree admin undeploy 0',

  openRootCommand: (version, directory) =>
    `ostree checkout --repo=/ostree/repo ${refOf(version)} ${directory}`,

  // what `ostree admin prepare-soft-reboot` leaves; that refuses without composefs, which these hosts have not
  prepareSoftReboot: version => `
    root=$(ls -d /sysroot/ostree/deploy/debian/deploy/$(ostree rev-parse ${refOf(version)}).0)
    mkdir -p /run/nextroot && mount --bind $root /run/nextroot && mount --make-private /run/nextroot
    for dir in sysroot boot var; do mount --bind /$dir /run/nextroot/$dir; done
    echo note >/run/ostree/nextroot-booted`,

  async rollback(host) {
    const { exitCode, stderr } = await host.run('ostree admin set-default 1')
    if (exitCode === 0) return
    // ostree 2022.7 has no command for it.
    if (!stderr.includes("subcommand 'set-default'")) throw new Error(stderr)
    swapBootEntries(host.sysroot)
    const now = new Date()
    utimesSync(join(host.sysroot, 'ostree/deploy'), now, now)
  },
}

/** The refspec of a version's commit. */
const refOf = (version: string): string => `debian/${version}`

/**
 * For a shell: waits until a shutdown would finalize what is staged. ostree 2022.7 leaves it to a path unit to
 * start what does that, later ones start it themselves.
 */
export const untilFinalizable =
  'until systemctl --quiet is-active ostree-finalize-staged.service; do sleep 0.02; done'

/** The GVariant `{'sysroot-ro': <true>}`, as ostree-prepare-root leaves it in /run/ostree-booted. */
const sysrootReadOnly = 'sysroot-ro\0\0\0\0\0\0\u0001\0b\u000b\u0014'

/**
 * A copy in a tenth of the time: what ostree itself shares by hard links and replaces instead of changing (objects
 * of the repository and, checked out from them, /usr) is shared by the copies too.
 */
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

const moveToMemory = `
  mv "$0" "$0.old"
  mkdir "$0"
  mount -t tmpfs -o "size=$1,mode=755" lab "$0"
  cp -a "$0.old/." "$0"
  rm -r "$0.old"
`

const bootEntry = (sysroot: string, options: string): BootEntry => {
  const deployment = realpathSync(join(sysroot, kernelArgument(options, 'ostree')))
  const version = versionIn(`${deployment}.origin`, /^refspec=debian\/(.*)$/m)
  return { options, deployment, version }
}

const setVersion = (text: string, version: string): string =>
  text.replace(/^version\s.*$/m, `version ${version}`)

/** Makes the second of two entries the default one. */
const swapBootEntries = (sysroot: string): void => {
  const [one, other, ...more] = readEntryFiles(sysroot)
  if (one === undefined || other === undefined || more.length > 0)
    throw new Error(`not two boot entries in ${sysroot}`)
  writeFileSync(one.file, setVersion(one.text, other.get('version')))
  writeFileSync(other.file, setVersion(other.text, one.get('version')))
}
