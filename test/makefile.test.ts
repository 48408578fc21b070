import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const repository = fileURLToPath(new URL('..', import.meta.url))
const make = (...args: readonly string[]) =>
  spawnSync('make', ['--silent', `--directory=${repository}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, MAKEFLAGS: '' }, // of the make that runs the tests
  })
const read = (path: string) => readFileSync(join(repository, path), 'utf8')
/** Without what tap adds to the environment to measure coverage: the bundles have none of their own. */
const run = (...words: readonly string[]) =>
  spawnSync('env', ['-i', `PATH=${process.env['PATH']}`, ...words], { encoding: 'utf8' })
const files = (directory: string) =>
  execFileSync('find', ['.', '-mindepth', '1', '-printf', '%M %P %l\n'], {
    cwd: directory,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .toSorted()

t.test('install, again, and uninstall', t => {
  const destination = t.testdir({})
  const where = [
    `DESTDIR=${destination}`,
    'systemdsystemunitdir=/usr/lib/systemd/system',
    'systemdsystemgeneratordir=/usr/lib/systemd/system-generators',
    'tmpfilesdir=/usr/lib/tmpfiles.d',
  ]
  t.match(make('install', ...where), { status: 0, stderr: '' })
  const installed = files(destination)
  t.matchOnlyStrict(
    installed.filter(line => !line.startsWith('d')).map(line => line.trimEnd()),
    [
      '-rw-r--r-- usr/lib/bootc-bound-images/bootc-bound-images.cjs',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-activate.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-activate.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-boot.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-boot.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-boot.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-gate.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-gate.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-gate.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-guard.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-recheck@.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-repair.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-repair.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-repair.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-running.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-settle.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-settle.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-settle.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-soft-reboot.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-stage.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-stage.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-stage.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-wait.service',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-wait.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images-wait.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images.path',
      '-rw-r--r-- usr/lib/systemd/system/bootc-bound-images.target',
      '-rw-r--r-- usr/lib/systemd/system/bootc-finalize-staged.service.d/50-bootc-bound-images.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-pending-.service.d/10-pull.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-pending-.service.d/10-store.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-pending-.service.d/50-isolation.conf',
      '-rw-r--r-- usr/lib/systemd/system/bootc-pending.slice',
      '-rw-r--r-- usr/lib/systemd/system/bootc.slice.d/50-bootc-bound-images.conf',
      '-rw-r--r-- usr/lib/systemd/system/ostree-finalize-staged.service.d/50-bootc-bound-images.conf',
      '-rw-r--r-- usr/lib/systemd/system/var-lib-containers-storage-overlay-.mount.d/50-bootc-bound-images-overlay.conf',
      '-rw-r--r-- usr/lib/systemd/system/var-lib-containers-storage-overlay.mount.d/50-bootc-bound-images-overlay.conf',
      '-rw-r--r-- usr/lib/tmpfiles.d/bootc-bound-images.conf',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/LICENSE',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/README.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/bootc.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/configuration.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/faults.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/how-it-works.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/installation.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/isolation.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/quadlet-differences.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/specs.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/stores.md',
      '-rw-r--r-- usr/share/doc/bootc-bound-images/update-tools.md',
      '-rw-r--r-- usr/share/man/man8/bootc-bound-images.8',
      '-rwxr-xr-x usr/lib/bootc-bound-images/activate',
      '-rwxr-xr-x usr/lib/bootc-bound-images/await-pulls',
      '-rwxr-xr-x usr/lib/bootc-bound-images/boot-id',
      '-rwxr-xr-x usr/lib/bootc-bound-images/bootc-bound-images',
      '-rwxr-xr-x usr/lib/bootc-bound-images/by-digest-or-tag',
      '-rwxr-xr-x usr/lib/bootc-bound-images/check-store',
      '-rwxr-xr-x usr/lib/bootc-bound-images/give-name',
      '-rwxr-xr-x usr/lib/bootc-bound-images/give-up',
      '-rwxr-xr-x usr/lib/bootc-bound-images/guard-soft-reboot',
      '-rwxr-xr-x usr/lib/bootc-bound-images/mark-pull',
      '-rwxr-xr-x usr/lib/bootc-bound-images/mark-running',
      '-rwxr-xr-x usr/lib/bootc-bound-images/mount-root',
      '-rwxr-xr-x usr/lib/bootc-bound-images/reboot-if-staged',
      '-rwxr-xr-x usr/lib/bootc-bound-images/recheck',
      '-rwxr-xr-x usr/lib/bootc-bound-images/record-artifact',
      '-rwxr-xr-x usr/lib/bootc-bound-images/record-pull',
      '-rwxr-xr-x usr/lib/bootc-bound-images/retry-delay',
      '-rwxr-xr-x usr/lib/bootc-bound-images/staged-file',
      '-rwxr-xr-x usr/lib/bootc-bound-images/sync-store',
      '-rwxr-xr-x usr/lib/bootc-bound-images/unmark-pull',
      '-rwxr-xr-x usr/lib/bootc-bound-images/unmark-running',
      '-rwxr-xr-x usr/lib/bootc-bound-images/until-stalled',
      '-rwxr-xr-x usr/lib/systemd/system-generators/bootc-bound-images-generator',
      'lrwxrwxrwx usr/bin/bootc-bound-images ../lib/bootc-bound-images/bootc-bound-images',
      'lrwxrwxrwx usr/lib/systemd/system/basic.target.wants/bootc-bound-images-activate.service ../bootc-bound-images-activate.service',
      'lrwxrwxrwx usr/lib/systemd/system/basic.target.wants/bootc-bound-images-running.service ../bootc-bound-images-running.service',
      'lrwxrwxrwx usr/lib/systemd/system/multi-user.target.wants/bootc-bound-images-boot.service ../bootc-bound-images-boot.service',
      'lrwxrwxrwx usr/lib/systemd/system/multi-user.target.wants/bootc-bound-images-gate.service ../bootc-bound-images-gate.service',
      'lrwxrwxrwx usr/lib/systemd/system/multi-user.target.wants/bootc-bound-images-soft-reboot.service ../bootc-bound-images-soft-reboot.service',
      'lrwxrwxrwx usr/lib/systemd/system/paths.target.wants/bootc-bound-images.path ../bootc-bound-images.path',
    ],
  )
  t.match(make('install', ...where), { status: 0, stderr: '' })
  t.strictSame(files(destination), installed, 'the same again')
  t.match(make('install', ...where, 'WITH_BOOTC_TIMER=yes'), { status: 0, stderr: '' })
  t.match(
    files(destination).filter(line => !installed.includes(line)),
    [/service.d\/50-bootc-bound-images.conf /, /bootc-fetch-apply-updates.service.d /],
  )
  t.match(make('uninstall', ...where), { status: 0, stderr: '' })
  t.strictSame(
    files(destination).filter(line => !line.startsWith('d')),
    [],
    'nothing is left',
  )
  t.end()
})

t.test(
  'the program runs from the checkout, and where a parent says that its files are modules',
  t => {
    const directory = t.testdir({
      'package.json': '{ "type": "module" }',
      root: { usr: {} },
      out: {},
    })
    t.match(make('install', `DESTDIR=${directory}/out`), { status: 0, stderr: '' })
    for (const where of [`${directory}/out/usr/bin`, join(repository, 'dist')]) {
      const version = run(join(where, 'bootc-bound-images'), '--version')
      t.match(version, { status: 0, stdout: '0.1.0\n', stderr: '' }, where)
    }
    const words = ['--root', join(directory, 'root'), join(directory, 'units')]
    t.match(run(join(repository, 'dist/generate'), ...words), { status: 0, stderr: '' })
    t.end()
  },
)

t.test('help names every target', t => {
  const { status, stdout } = make('help')
  t.equal(status, 0)
  const lines = stdout.trim().split('\n')
  const [, targets = ''] = /^\.PHONY: (.*)$/mu.exec(read('Makefile')) ?? []
  t.strictSame(
    lines.map(line => line.replace(/ .*/u, '')).toSorted(),
    targets.split(' ').toSorted(),
  )
  for (const line of lines) t.match(line, /^[a-z-]+ +\S.{10,}$/u)
  t.match(make('--print-data-base', 'help').stdout, /^\.DEFAULT_GOAL := all$/mu)
  t.end()
})

t.test('a runtime that does not exist', t => {
  t.match(make('install', 'RUNTIME=deno', `DESTDIR=${t.testdir({})}`), {
    status: 2,
    stderr: /RUNTIME=deno is neither node nor bundled/,
  })
  t.end()
})

t.test('directories can be given', t => {
  const destination = t.testdir({})
  const where = [
    `DESTDIR=${destination}`,
    'prefix=/usr/local',
    'systemdsystemunitdir=/etc/systemd/system',
    'systemdsystemgeneratordir=/etc/systemd/system-generators',
  ]
  t.match(make('install', ...where), { status: 0, stderr: '' })
  const unit = execFileSync('cat', [
    join(destination, 'etc/systemd/system/bootc-bound-images-stage.service'),
  ]).toString()
  t.match(unit, /^ExecStart=\/usr\/local\/bin\/bootc-bound-images stage$/m)
  t.notMatch(unit, /@\w+@/)
  t.end()
})

t.test('what version 0.1.0 left is removed, and a mask is named', t => {
  const destination = t.testdir({ etc: { systemd: { system: {} } } })
  const dropIns = join(destination, 'usr/lib/systemd/system/ostree-finalize-staged.service.d')
  mkdirSync(dropIns, { recursive: true })
  writeFileSync(join(dropIns, 'zz-bootc-bound-images.conf'), '')
  const mask = join(destination, 'etc/systemd/system/bootc-bound-images-gate.service')
  symlinkSync('/dev/null', mask)
  const { status, stderr } = make(
    'install',
    `DESTDIR=${destination}`,
    'systemdsystemunitdir=/usr/lib/systemd/system',
  )
  t.equal(status, 0)
  t.equal(stderr, `warning: ${mask} masks what lets an update pass: none will be applied\n`)
  t.strictSame(readdirSync(dropIns), ['50-bootc-bound-images.conf'])
  t.end()
})
