// Store=dedicated: bound images are in a store that podman only reads, so that no pruning of others removes them.
import t, { type Test } from 'tap'
import { configured } from '../bound-images.ts'
import { subjectOptions } from '../campaign/campaign.ts'
import { drawRun } from '../campaign/draw-run.ts'
import { expectKept, seedsFrom } from '../campaign/report.ts'
import { run } from '../campaign/run.ts'
import { Subject } from '../campaign/subject.ts'
import { type Files, type Host, Lab } from '../lab.ts'
import { movingTag } from '../moving-tag.ts'
import { hasLookedAtBoot, until } from '../until.ts'
import { seed } from '../../judges/seed.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const { app, start, specs } = movingTag(lab, registry)

const directory = '/var/lib/shared/bootc-bound-images'
const storage = `# kept as it is
[storage]
driver = "overlay"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"

[storage.options]
additionalimagestores = ["${directory}"]
`
const setting = configured('Store=dedicated', 'RetryLimit=2', 'RetryDelaySec=1')
const dedicated: Files = { ...setting, 'usr/share/containers/storage.conf': storage }

const prune = `set -e; for volumes in '' --volumes; do
  podman container prune --force; podman system prune --all --force $volumes; podman image prune --all --force
done`

const own =
  'podman --root /var/lib/shared/bootc-bound-images --runroot /run/bootc-bound-images/store'
const idOf = async (host: Host, image = app) =>
  (await host.run(`podman image inspect --format '{{.Id}}' ${image}`)).stdout
const isDedicated = async (host: Host, id: string) =>
  (await host.run(`${own} image exists ${id}`)).exitCode === 0
/** What is in the image: podman mounts no image of a store that it only reads, but containers of it. */
const contents = async (host: Host) =>
  (
    await host.run(
      `container=$(podman create --pull=never ${app} /x) && podman export $container | tar -xO id; podman rm $container >/dev/null`,
    )
  ).stdout
/** The IDs in podman's own store. */
const inPodmans = (host: Host) =>
  host.run(`grep -o '{"id":"[0-9a-f]*' /var/lib/containers/storage/overlay-images/images.json`)

/** Stages a version, and reboots into it without a registry. */
async function update(t: Test, host: Host, version: string) {
  await host.stage(version)
  t.match(await host.run(start), { exitCode: 0 }, version)
  t.match(await host.run(prune), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 }, 'after all was pruned')
  await reboot(host)
  t.equal(host.bootedVersion(), version)
}

async function reboot(host: Host) {
  await host.shutdown()
  await registry.stop()
  await host.boot()
  await until(host, hasLookedAtBoot)
  await registry.start()
}

async function push(id: string) {
  await registry.push('app:latest', { files: { id } })
}

t.test('pruning removes no bound image, tags follow the deployment, unused ones go', async t => {
  const host = await lab.host({ v1: dedicated })
  for (const version of ['2', '3', '4']) await host.commit(`v${version}`, specs(version))
  await push('A')
  await update(t, host, 'v2')
  t.equal(await contents(host), 'A')
  const a = await idOf(host)
  t.ok(await isDedicated(host, a))
  t.equal((await inPodmans(host)).stdout, '', "nothing is in podman's own store")

  await push('B')
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await contents(host), 'A', 'the running OS keeps its image')
  await update(t, host, 'v3')
  t.equal(await contents(host), 'B')
  t.match(await host.run(prune), { exitCode: 0 })
  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A', 'after the rollback')
  await host.rollback()
  await reboot(host)
  t.equal(await contents(host), 'B')

  t.match(await host.run(`podman create --name user ${a} /x`), { exitCode: 0 })
  t.match(await host.run('ostree admin undeploy 1'), { exitCode: 0 })
  await push('C')
  registry.fail({ match: '/manifests/sha256:', status: 404 })
  await host.stage('v4')
  t.match(await host.run(start), { exitCode: 0 }, 'by its tag, where the digest is not served')
  registry.heal()
  t.ok(await isDedicated(host, a), 'a container uses it')
  t.match(await host.run('podman export user >/dev/null'), { exitCode: 0 })
  t.match(await host.run('podman rm user && bootc-bound-images settle'), { exitCode: 0 })
  t.notOk(await isDedicated(host, a), 'nothing needs it')
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await host.kill()
})

t.test('over to it with an update staged, and back', async t => {
  const host = await lab.host()
  for (const version of ['2', '3', '4', '5', '6']) await host.commit(`v${version}`, specs(version))
  await push('A')
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  const a = await idOf(host)
  await push('B')
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })

  await host.run(`echo '[BoundImages]\nStore=dedicated' >/etc/bootc-bound-images.conf`)
  const unread = /does not read \S+ \(Store=dedicated\); write additionalimagestores = \["\/var/
  t.match(await host.run(start), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images status'), { stdout: unread })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: unread })
  await host.run(`cat >/etc/containers/storage.conf <<'X'\n${storage}X`)
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: /: missing/ })
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  t.equal(await contents(host), 'A', 'the running OS keeps its image')
  await reboot(host)
  t.equal(host.bootedVersion(), 'v3')
  t.equal(await contents(host), 'B')
  t.equal((await host.run('cat /etc/containers/storage.conf')).stdout, storage.trim())
  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A', 'which is in the store of before')
  await push('C')
  await host.stage('v4')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(await contents(host), 'C')
  t.match(await inPodmans(host), { stdout: a }, 'the rollback needs it')
  await host.run('ostree admin undeploy 1; bootc-bound-images stage')
  t.notMatch(await inPodmans(host), { stdout: a }, 'the images of before go as well')

  const c = await idOf(host)
  await host.run('rm /etc/bootc-bound-images.conf')
  await push('D')
  await host.stage('v5')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(await contents(host), 'C')
  await reboot(host)
  t.equal(host.bootedVersion(), 'v5')
  t.equal(await contents(host), 'D')
  const d = await idOf(host)
  t.notOk(await isDedicated(host, d))
  await host.rollback()
  await reboot(host)
  t.equal(host.bootedVersion(), 'v4')
  t.equal(await contents(host), 'C')
  // Its boot pulls C into podman's own store. A reboot in the middle would leave an image without a record.
  t.match(await host.run(start), { exitCode: 0 })
  await host.rollback()
  await reboot(host)
  t.equal(await contents(host), 'D')
  await host.run('ostree admin undeploy 1')
  await push('E')
  await host.stage('v6')
  t.match(await host.run(start), { exitCode: 0 })
  t.notOk(await isDedicated(host, c), 'and those of the dedicated store')
  await host.kill()
})

t.test('an OS image brings it, and another one takes it away', async t => {
  const host = await lab.host()
  const named = { 'usr/share/containers/storage.conf': storage }
  await host.commit('v2', { ...specs('2'), ...dedicated })
  await host.commit('v3', { ...specs('3'), ...named, 'usr/lib/bootc-bound-images.conf': '' })
  await host.commit('v4', specs('4'))
  await push('A')
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await reboot(host)
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await contents(host), 'A', "from podman's own store")
  t.match(await host.run('bootc-bound-images stage --wait'), { exitCode: 0 })
  t.ok(await isDedicated(host, await idOf(host)))
  t.match(await host.run(prune), { exitCode: 0 })
  t.equal(await contents(host), 'A')

  await push('B')
  await host.stage('v4')
  t.match(await host.run(start), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images status'), { stdout: /the next OS does not read/ })
  await host.run('ostree admin undeploy 0')
  await update(t, host, 'v3')
  t.equal(
    await contents(host),
    'B',
    'which its podman reads, though it would pull to its own store',
  )
  await host.kill()
})

t.test('power cuts', async t => {
  const options = await subjectOptions(lab, { kind: 'power', store: 'plain' })
  const quick = configured(
    'Store=dedicated',
    'RetryDelaySec=1',
    'RetryMaxDelaySec=2',
    'FlushTimeoutSec=20',
  )
  const v1 = { ...dedicated, ...quick }
  const subject = await Subject.make(lab, await lab.registry(), { ...options, v1 })
  for (const each of seedsFrom(seed, 2)) expectKept(t, await run(subject, drawRun('power', each)))
  await subject.discard()
})
