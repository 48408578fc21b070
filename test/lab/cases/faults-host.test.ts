// Faults of the host, each as docs/faults.md says.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { readDocumentedFaults } from '../documented-faults.ts'
import { harm, pullOwnImage } from '../harm.ts'
import * as faults from '../host-faults.ts'
import { type Host, Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const small = (version: string) => `${registry.address}/${version}-small:1`
const bigBytes = 8_000_000
const start = 'systemctl start bootc-bound-images.target'

interface Fault {
  /** Stages the version and brings the fault about; resolves to the exit status of waiting for the pulls. */
  readonly provoke: (host: Host, version: string) => Promise<number>
  readonly exitCode: 0 | 1
  /** Whether `status` knows the reason before the reboot that does not apply the update, and after it. */
  readonly isSaid: { readonly before: boolean; readonly after: boolean }
  /** Whether the small image is pulled all the same. */
  readonly pullsSmall: boolean
  /** What a reboot does not end. */
  readonly heal?: (host: Host) => Promise<void>
}

const isSaid = { before: true, after: true }

const staying: Readonly<Record<string, Fault>> = {
  'disk-full': {
    provoke: async (host, version) => {
      // So slowly that the disk is full in the middle of it.
      registry.fail({ match: `/${version}-big/blobs/`, bytesPerSecond: bigBytes / 4 })
      await host.stage(version)
      const waiting = host.run(start)
      await until(() => registry.requests.some(({ bytes }) => bytes > bigBytes / 8))
      await until(async () => (await imagesOn(host, [small(version)])).length === 1)
      await faults.fill(host, '/var', 1_000_000)
      return (await waiting).exitCode
    },
    exitCode: 1,
    isSaid,
    pullsSmall: true,
    heal: host => faults.makeRoom(host, '/var'),
  },
  'write-error': {
    provoke: async (host, version) => {
      await faults.failSync(host)
      return stageAndWait(host, version)
    },
    exitCode: 1,
    isSaid,
    pullsSmall: true,
  },
  'var-tmp-full': {
    provoke: async (host, version) => {
      await faults.makeSmall(host, '/var/tmp', 1)
      return stageAndWait(host, version)
    },
    exitCode: 1,
    isSaid,
    pullsSmall: true,
  },
  'var-read-only': {
    provoke: async (host, version) => {
      await faults.makeReadOnly(host, '/var')
      return stageAndWait(host, version)
    },
    exitCode: 1,
    // the reason cannot be kept
    isSaid: { before: true, after: false },
    pullsSmall: false,
  },
  'no-podman': {
    provoke: async (host, version) => {
      await faults.takeAway(host, 'podman')
      return stageAndWait(host, version)
    },
    exitCode: 1,
    isSaid,
    pullsSmall: false,
  },
  'store-unmounted': {
    provoke: async (host, version) => {
      const exitCode = await stageAndWait(host, version)
      // For a directory below a mount point.
      await faults.makeSmall(host, '/var/lib/containers', 1)
      return exitCode
    },
    exitCode: 0,
    isSaid,
    pullsSmall: false,
  },
  'no-journal': {
    provoke: async (host, version) => {
      registry.fail({ match: `/${version}-big/manifests/`, status: 500 })
      await faults.stopJournal(host)
      return stageAndWait(host, version)
    },
    exitCode: 1,
    isSaid,
    pullsSmall: true,
  },
  'store-locked': {
    provoke: async (host, version) => {
      const exitCode = await stageAndWait(host, version)
      await host.run(
        `d=/etc/bootc-bound-images.conf.d && mkdir -p $d &&
         printf '[BoundImages]\\nGateTimeoutSec=10\\nFlushTimeoutSec=0\\n' >$d/quick.conf`,
      )
      await faults.lockStore(host)
      return exitCode
    },
    exitCode: 0,
    isSaid: { before: false, after: true },
    // nobody can ask any more
    pullsSmall: false,
  },
}

const passing = ['sysroot-read-only', 'etc-read-only', 'store-locked-a-while']

const documented = readDocumentedFaults('Faults of the host')
t.strictSame(
  documented.map(({ name }) => name).toSorted(),
  [...Object.keys(staying), ...passing].toSorted(),
  'all are tested',
)

t.test('faults that keep the host on its OS', async t => {
  const host = await lab.host({ v1: fewQuickTries, varMebibytes: 128 })
  await pullOwnImage(host, registry)
  for (const { name, says } of documented) {
    const fault = staying[name]
    if (fault === undefined) continue
    t.comment(name)
    await commitUpdate(host, name)
    await staysAsItIs(t, host, name, fault, says)
    registry.heal()
    await fault.heal?.(host)
    await host.stage(name)
    t.match(await host.run(start), { exitCode: 0 }, `${name}: healed`)
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), name)
    t.strictSame(await harm(host, registry), [], name)
  }
  await host.kill()
})

t.test('faults that do not matter', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await commitUpdate(host, 'v2')
  await faults.makeReadOnly(host, '/etc')
  for (const directory of ['/etc', '/sysroot'])
    t.match(await host.run(`touch ${directory}/x`), { stderr: /Read-only file system/ })
  await faults.lockStore(host)
  await host.stage('v2')
  const waiting = host.run(start)
  await sleep(4000)
  await faults.unlockStore(host)
  t.match(await waiting, { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  await host.kill()
})

async function staysAsItIs(
  t: Test,
  host: Host,
  version: string,
  { provoke, exitCode, isSaid: { before, after }, pullsSmall }: Fault,
  says: readonly string[],
): Promise<void> {
  const present = host.bootedVersion()
  t.equal(await provoke(host, version), exitCode, `${version}: the pulls`)
  const seesReason = async (when: string) => {
    const { stdout, stderr } = await host.run('bootc-bound-images status')
    for (const words of says) t.match(`${stdout}\n${stderr}`, words, `${version}: ${when}`)
  }
  if (before) await seesReason('before the reboot')
  if (pullsSmall) t.strictSame(await imagesOn(host, [small(version)]), [small(version)])
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), present, `${version} is not booted`)
  if (after) await seesReason('after the reboot')
  t.strictSame(await harm(host, registry), [], version)
}

/** Commits a version with two bound images, a big one and a small one. */
async function commitUpdate(host: Host, version: string): Promise<void> {
  await registry.push(`${version}-big:1`, { bytes: bigBytes })
  await registry.push(`${version}-small:1`)
  await host.commit(
    version,
    boundImages({
      'big.image': imageSpec(registry, `${version}-big:1`),
      'small.image': imageSpec(registry, `${version}-small:1`),
    }),
  )
}

async function stageAndWait(host: Host, version: string): Promise<number> {
  await host.stage(version)
  return (await host.run(start)).exitCode
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (let rest = 300; !(await isDone()); rest--) {
    if (rest === 0) throw new Error('it never was so')
    await sleep(100)
  }
}
