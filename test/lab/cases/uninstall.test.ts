import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { boundImages, imageSpec, imagesOn } from '../bound-images.ts'
import { backend, type CommandResult, type Host, Lab } from '../lab.ts'
import { isPulling, until } from '../until.ts'

const lab = await Lab.open({ product: false })
t.teardown(() => lab.close())
const registry = await lab.registry()
await registry.push('web:1')
const web = [`${registry.address}/web:1`]
const start = 'systemctl start bootc-bound-images.target'

const repository = join(import.meta.dirname, '../../..')
/** As in the README; but here /usr/local is a part of /usr, which cannot be written. */
const where = [
  'prefix=/var/opt/bound-images',
  'systemdsystemunitdir=/etc/systemd/system',
  'systemdsystemgeneratordir=/etc/systemd/system-generators',
  'tmpfilesdir=/etc/tmpfiles.d',
]

async function make(...args: readonly string[]): Promise<string> {
  const command = ['make', '--silent', `--directory=${repository}`, ...args]
  // one at a time: all labs build in the same place
  const { stdout } = await execa('flock', ['/var/lock/bootc-bound-images-lab-make', ...command], {
    env: { MAKEFLAGS: '' }, // of the make that runs the tests
  })
  return stdout
}

/** Has a host, which has no make, run what make would run there. */
async function makeOn(host: Host, target: string): Promise<CommandResult> {
  await make('all')
  const commands = (await make('--dry-run', target, ...where))
    // make ignores this one's failure
    .replace(/^rmdir .*$/m, '$& || :')
  return host.run(`cd /run/repository && set -e\n${commands}`)
}

async function bootHost(): Promise<Host> {
  registry.heal()
  const host = await lab.host({ boot: false })
  await host.boot({ binds: [`${repository}:/run/repository`] })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  const { exitCode, stderr } = await makeOn(host, 'install')
  if (exitCode !== 0) throw new Error(stderr)
  return host
}

const failures = async (host: Host) =>
  (await host.run('systemctl --failed --plain --no-legend')).stdout

/** Units, processes and files of ours, but for what has been pulled and for directories that were made. */
const ours = `
  systemctl list-units --all --plain --no-legend '*bootc-[bp]*'
  pgrep -a 'node|podman'
  find /var/opt/bound-images ! -type d
  find /etc/systemd /run /var/lib -xdev -name '*bootc-*' ! -path '/run/repository/*'`

t.test('installed on a running host, it works at once and in the next OS', async t => {
  const host = await bootHost()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const status = '/var/opt/bound-images/bin/bootc-bound-images status'
  t.match((await host.run(status)).stdout, /web:1 +present/)
  t.notMatch((await host.run(status)).stdout, /WARNING: (?!podman )/)
  t.match(await makeOn(host, 'install'), { exitCode: 0 }, 'installed over itself')
  await host.shutdown()
  await host.boot({ binds: [`${repository}:/run/repository`] })
  t.equal(host.bootedVersion(), 'v2')
  t.equal((await host.run(status)).stdout, 'No deployment is staged.')
  t.equal(await failures(host), '')

  t.match(await makeOn(host, 'uninstall'), { exitCode: 0 })
  t.equal((await host.run(ours)).stdout, '')
  t.strictSame(await imagesOn(host, web), web, 'what was pulled stays')
  t.equal(await failures(host), '')
  await host.shutdown()
})

t.test('uninstalled while an update is staged and its pulls hang', async t => {
  const host = await bootHost()
  registry.fail({ match: '/manifests/', mode: 'hang' })
  await host.stage('v2')
  // The registries are asked for the sizes first.
  await until(host, isPulling, 60)
  const before = Date.now()
  t.match(await makeOn(host, 'uninstall'), { exitCode: 0 })
  t.comment(`uninstalling took ${Date.now() - before} ms`)
  t.ok(Date.now() - before < 30_000, 'it does not wait for the pulls')
  t.equal((await host.run(ours)).stdout, '')
  t.equal(await failures(host), '')
  t.match(
    (await host.run(`systemctl show -P ExecStop ${backend.finalizer}`)).stdout,
    /^\{ path=\/usr\/bin\/(?:ostree|bootc) ; argv\[\]=\S+ (?:admin |composefs-)finalize-staged ;[^\n]*$/,
  )
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2', 'finalized as without the product')
  t.equal(await failures(host), '')
  t.notMatch(
    (await host.run('journalctl -b -1 -o cat -p warning')).stdout,
    /bootc-bound|(?:ostree|bootc)-finalize/,
  )
  await host.shutdown()
})

t.test('uninstalled when an update is staged and its images are there', async t => {
  const host = await bootHost()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await makeOn(host, 'uninstall'), { exitCode: 0 })
  t.equal((await host.run(ours)).stdout, '')
  t.match(await makeOn(host, 'uninstall'), { exitCode: 0 }, 'and once more')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, web), web)
  t.equal(await failures(host), '')
  await host.shutdown()
})
