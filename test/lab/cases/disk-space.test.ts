import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { boundImages, configured, imageSpec } from '../bound-images.ts'
import { makeDisk, mountDisk } from '../disk-file.ts'
import { type Files, type Host, Lab, makeLayer } from '../lab.ts'
import { hasLookedAtBoot, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const shared = makeLayer({ bytes: 10_000_000 })
await registry.push('big:1', { bytes: 10_000_000 })
await registry.push('old:1', { layers: [shared] })
await registry.push('new:1', { layers: [shared], files: { id: 'new' } })
const small = Array.from({ length: 10 }, (_, index) => `app${index}:1`)
for (const image of small) await registry.push(image)
const start = 'systemctl start bootc-bound-images.target'
const storeOf = (host: Host) => join(host.var, 'lib/containers/storage')
const fillerOf = (host: Host) => join(storeOf(host), 'filler')

interface Options {
  readonly settings?: readonly string[]
  readonly v1?: Files
  /** Space that a filler leaves on a disk for the image store. */
  readonly freeMegabytes?: number
}

async function hostFor(
  images: readonly string[],
  { settings = [], v1 = {}, freeMegabytes }: Options = {},
): Promise<Host> {
  registry.heal()
  registry.forget()
  const quick = configured('RetryLimit=2', 'RetryDelaySec=0', ...settings)
  const host = await lab.host({ v1: { ...quick, ...v1 }, boot: freeMegabytes === undefined })
  if (freeMegabytes !== undefined) {
    const disk = { fileSystem: 'ext4', file: `${host.sysroot}.store` } as const
    await makeDisk({ ...disk, bytes: 64 * 2 ** 20 })
    mkdirSync(storeOf(host), { recursive: true })
    await mountDisk(disk, storeOf(host))
    const { bavail, bsize } = statfsSync(storeOf(host))
    const filler = bavail * bsize - freeMegabytes * 1e6
    await execa('fallocate', ['--length', `${filler}`, fillerOf(host)])
    await host.boot()
    await until(host, hasLookedAtBoot)
  }
  const specs = images.map(image => [image.replace(':1', '.image'), imageSpec(registry, image)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  return host
}

const blobBytes = () =>
  registry.requests
    .filter(({ url }) => url.includes('/blobs/'))
    .reduce((sum, { bytes }) => sum + bytes, 0)
const manifestRequests = () => registry.requests.filter(({ url }) => url.includes('/manifests/'))
const status = async (host: Host) => (await host.run('bootc-bound-images status')).stdout
const warnings = async (host: Host) =>
  (await host.run('journalctl -b -o cat -p warning -u bootc-bound-images-stage.service')).stdout

t.test('what cannot fit is refused, with numbers and before any layer is fetched', async t => {
  const host = await hostFor(['big:1'], { freeMegabytes: 8 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  const why =
    /it is 10 MB compressed and needs more space when unpacked, but \/var\/lib\/containers\/storage has only \d\.\d MB free/
  t.match(await status(host), why)
  t.match(await status(host), /big:1 +missing/)
  t.match(await host.run('bootc-bound-images stage'), { exitCode: 1, stderr: why })
  t.match(await host.run('bootc-bound-images stage'), { stderr: /\/big:1 is not pulled: it is/ })

  // What is done about it counts at once.
  rmSync(fillerOf(host))
  t.ok(blobBytes() < 10_000, 'so far nobody has fetched a layer')
  t.match(await host.run(start), { exitCode: 0 })
  t.notMatch(await status(host), why)
  t.equal((await host.run('systemctl --failed --plain --no-legend "bootc-*"')).stdout, '')
  await host.kill()
})

t.test('nor does a shutdown try what cannot fit, and the next boot says why', async t => {
  const host = await hostFor(['big:1'], { freeMegabytes: 8 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  await host.shutdown()
  t.ok(blobBytes() < 10_000, 'nobody has fetched a layer')
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match(await status(host), /10 MB compressed and needs more space when unpacked/)
  await host.kill()
})

t.test('an image that cannot fit even alone does not stop the others', async t => {
  const host = await hostFor(['big:1', 'app0:1', 'app1:1'], { freeMegabytes: 8 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  const all = await status(host)
  t.match(all, /app0:1 +present/)
  t.match(all, /app1:1 +present/)
  t.match(all, /big:1 +missing +- +it is 10 MB compressed and needs more space when unpacked, but/)
  t.notMatch(all, /The pulls were not started/)
  t.ok(blobBytes() < 1_000_000, 'nothing of it was fetched')
  await host.shutdown()
  t.ok(blobBytes() < 1_000_000, 'nor at shutdown')
  await host.boot()
  t.equal(host.bootedVersion(), 'v1', 'the deployment is refused')
  t.match(await status(host), /big:1 +missing +- +it is 10 MB compressed/)
  await host.kill()
})

t.test('images that cannot fit together are refused together', async t => {
  const host = await hostFor(['big:1', 'new:1'], { freeMegabytes: 15 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  t.match(
    await status(host),
    /The pulls were not started: the bound images to pull are 20 MB compressed and need more space when unpacked, but \/var\/lib\/containers\/storage has only 1\d MB free/,
  )
  t.ok(blobBytes() < 10_000)
  await host.kill()
})

t.test('what may not fit is warned of, and pulled', async t => {
  const host = await hostFor(['big:1'], { freeMegabytes: 25 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(
    await warnings(host),
    /the bound images to pull are 10 MB compressed and may need 30 MB when unpacked, but \/var\/lib\/containers\/storage has only 2\d MB free/,
  )
  await host.kill()
})

t.test('a temporary directory without room for the biggest layer', async t => {
  const host = await hostFor(['big:1', 'app0:1'])
  // Not under the feet of podman.
  await host.run(`
    until ${hasLookedAtBoot}; do sleep 0.1; done
    mount -t tmpfs -o size=5M small /var/tmp`)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  t.match(
    await status(host),
    /big:1 +missing +- +its largest layer is 10 MB, but \/var\/tmp has only 5\.\d MB free/,
  )
  t.match(await status(host), /app0:1 +present/)
  t.ok(blobBytes() < 1_000_000)
  await host.kill()
})

t.test('layers that are there already need no room', async t => {
  const host = await hostFor(['new:1'], { freeMegabytes: 18 })
  const pull = `podman pull --tls-verify=false ${registry.address}/old:1`
  t.match(await host.run(pull), { exitCode: 0 })
  registry.forget()
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.comment(
    (await host.run('bootc-bound-images status; df; journalctl -b -o cat -u "bootc-*"')).stdout,
  )
  t.ok(blobBytes() < 10_000, 'and are not fetched again')
  await host.kill()
})

t.test('ResolveTimeoutSec=0 asks nothing', async t => {
  const asking = await hostFor(['app0:1'])
  await asking.stage('v2')
  t.match(await asking.run(start), { exitCode: 0 })
  t.equal(manifestRequests().length, 2, 'one for its size, one to pull it')
  await asking.kill()

  const host = await hostFor(['app0:1'], { settings: ['ResolveTimeoutSec=0'] })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(manifestRequests().length, 1)
  await host.kill()
})

t.test('a registry that hangs delays a staging by ResolveTimeoutSec= at most', async t => {
  const host = await hostFor(small, { settings: ['ResolveTimeoutSec=3'] })
  // Who asks for sizes meets the silence, and leaves none of it to the pulls.
  registry.fail({ match: '/manifests/', mode: 'hang', times: small.length })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const asked = manifestRequests().slice(0, small.length)
  const pulled = manifestRequests().slice(small.length)
  t.equal(pulled.length, small.length)
  const delay = (pulled[0]?.at ?? 0) - (asked[0]?.at ?? 0)
  t.ok(delay >= 2500 && delay < 20_000, `${delay} ms`)
  await host.kill()
})

t.test('without skopeo all works', async t => {
  const host = await hostFor(['app0:1', 'app1:1'], { v1: { 'usr/bin/skopeo': undefined } })
  t.match(await host.run('skopeo'), { exitCode: 127 })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(manifestRequests().length, 2)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.equal(await status(host), 'No deployment is staged.')
  await host.kill()
})
