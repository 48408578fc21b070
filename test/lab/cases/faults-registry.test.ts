// Faults of registries that stay, each as docs/faults.md says.
import t, { type Test } from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { readDocumentedFaults } from '../documented-faults.ts'
import type { Files } from '../files.ts'
import { harm, pullOwnImage } from '../harm.ts'
import type { Host } from '../host.ts'
import { type Fault, Lab } from '../lab.ts'
import { makeLayer } from '../oci-image.ts'
import type { Registry } from '../registry.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const stopped = await lab.registry()
await stopped.stop()
const expired = await lab.registry({ tls: 'expired' })
const notYetValid = await lab.registry({ tls: 'not yet' })
await registry.push('healthy:1')

/** An image that is hit by a fault. */
interface Hit {
  readonly image: string
  readonly spec: string
  readonly canHeal: boolean
}

type MakeFault = (name: string) => Promise<Hit>

const inManifest =
  (fault: Omit<Fault, 'match'>): MakeFault =>
  async name => {
    await registry.push(`${name}:1`)
    registry.fail({ ...fault, match: `/${name}/manifests/` })
    return hit(registry, name)
  }

const inLayer =
  (fault: Omit<Fault, 'match'>): MakeFault =>
  async name => {
    const layer = makeLayer({ bytes: 100_000 })
    await registry.push(`${name}:1`, { layers: [layer] })
    registry.fail({ ...fault, match: layer.digest })
    return hit(registry, name)
  }

const from =
  (other: Registry): MakeFault =>
  async name => {
    await other.push(`${name}:1`)
    return hit(other, name)
  }

function hit(where: Registry, name: string): Hit {
  const image = `${where.address}/${name}:1`
  const spec = imageSpec(where, `${name}:1`)
  return where === expired || where === notYetValid
    ? { image, spec: spec.replace('TLSVerify=false', ''), canHeal: false }
    : { image, spec, canHeal: true }
}

const challenge = { 'www-authenticate': 'Basic realm="lab"' }
const unknownName = 'registry.nowhere.example'
const elsewhere = (text: string) => text.replace('127.0.0.1', unknownName)

const answers: Readonly<Record<string, MakeFault>> = {
  'connection-refused': from(stopped),
  'connection-reset': inManifest({ mode: 'reset' }),
  'closed-without-answer': inManifest({ mode: 'end' }),
  'no-such-name': async name => {
    const here = await from(registry)(name)
    return { ...here, image: elsewhere(here.image), spec: elsewhere(here.spec) }
  },
  'certificate-expired': from(expired),
  'certificate-not-yet-valid': from(notYetValid),
  unauthorized: inManifest({ status: 401, headers: challenge }),
  denied: inManifest({ status: 403 }),
  'not-found': inManifest({ status: 404 }),
  'too-many-requests': inManifest({ status: 429, headers: { 'retry-after': '0' } }),
  'server-error': inManifest({ status: 500 }),
  unavailable: inManifest({ status: 503 }),
  truncated: inLayer({ mode: 'end', afterBytes: 50_000 }),
  cut: inLayer({ mode: 'reset', afterBytes: 50_000 }),
  // a date in the header of gzip, which unpacks all the same
  'wrong-digest': inLayer({ wrongByte: 4 }),
}

const silences: Readonly<Record<string, MakeFault>> = {
  silent: inManifest({ mode: 'hang' }),
  'silent-in-a-layer': inLayer({ mode: 'hang', afterBytes: 50_000 }),
  'too-slow': inLayer({ bytesPerSecond: 1000 }),
}

/** As `fewQuickTries` says. */
const retryLimit = 3

const documented = readDocumentedFaults('Faults that stay')
const tested = [...Object.keys(answers), ...Object.keys(silences)]
t.strictSame(documented.map(({ name }) => name).toSorted(), tested.toSorted(), 'all are tested')

t.test('wrong answers', t =>
  staysOnItsOs(t, answers, {
    v1: {
      [`/etc/containers/certs.d/${expired.address}/ca.crt`]: expired.certificate,
      [`/etc/containers/certs.d/${notYetValid.address}/ca.crt`]: notYetValid.certificate,
    },
    heal: async host => {
      await stopped.start()
      await host.run(`echo '127.0.0.1 ${unknownName}' >>/etc/hosts`)
    },
  }),
)

t.test('no answer in time', t =>
  staysOnItsOs(t, silences, {
    v1: {
      'usr/lib/bootc-bound-images.conf.d/timeout.conf':
        '[BoundImages]\nStallTimeoutSec=5\nPullTimeoutSec=12\n',
    },
  }),
)

/** Stages an OS whose bound images meet the faults, all at once, and sees it refused and, healed, taken. */
async function staysOnItsOs(
  t: Test,
  faults: Readonly<Record<string, MakeFault>>,
  { v1, heal }: { readonly v1: Files; readonly heal?: (host: Host) => Promise<void> },
): Promise<void> {
  const host = await lab.host({ v1: { ...fewQuickTries, ...v1 } })
  await pullOwnImage(host, registry)
  const hits = new Map<string, Hit>()
  for (const [name, make] of Object.entries(faults)) hits.set(name, await make(name))
  const healable = [...hits].filter(([, { canHeal }]) => canHeal)
  await host.commit('v2', boundImages(specs([...hits])))
  await host.commit('v3', boundImages(specs(healable)))

  await host.stage('v2')
  const start = 'systemctl start bootc-bound-images.target'
  t.match(await host.run(start), { exitCode: 1 })
  await looksAsDocumented(t, host, hits)
  t.strictSame(await triesOn(host, hits), documentedTries(hits), 'as many tries as make sense')
  const gate = await host.run('bootc-bound-images gate')
  t.equal(gate.exitCode, 1)
  for (const [name, { image }] of hits)
    t.ok(gate.stderr.includes(`${image}: failed: `), `${name} alone is enough for the gate`)
  const healthy = `${registry.address}/healthy:1`
  t.strictSame(await imagesOn(host, [healthy]), [healthy], 'a healthy image is pulled all the same')
  t.match(await host.run('find /var/tmp -name "container_images*"'), { stdout: '' })

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await looksAsDocumented(t, host, hits)
  t.strictSame(await harm(host, registry), [])

  registry.heal()
  await heal?.(host)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
  t.strictSame(await harm(host, registry), [])
  await host.kill()
}

function specs(hits: readonly (readonly [string, Hit])[]): Readonly<Record<string, string>> {
  const all = hits.map(([name, { spec }]) => [`${name}.image`, spec] as const)
  return { ...Object.fromEntries(all), 'healthy.image': imageSpec(registry, 'healthy:1') }
}

async function looksAsDocumented(
  t: Test,
  host: Host,
  hits: ReadonlyMap<string, Hit>,
): Promise<void> {
  const { stdout } = await host.run('bootc-bound-images status')
  for (const { name, says } of documented) {
    const image = hits.get(name)?.image
    if (image === undefined) continue
    const line = stdout.split('\n').find(text => text.startsWith(`${image} `)) ?? ''
    t.match(line, / failed /, name)
    for (const words of says) t.ok(line.includes(words), `${name}: ${words}`, { line })
  }
}

/** How often podman was started for each image. */
async function triesOn(host: Host, hits: ReadonlyMap<string, Hit>) {
  const { stdout } = await host.run("journalctl --boot --output=cat -u 'bootc-pending-*'")
  const lines = stdout.split('\n')
  return Object.fromEntries(
    [...hits].map(([name, { image }]) => [
      name,
      lines.filter(line => line === `Trying to pull ${image}...`).length,
    ]),
  )
}

function documentedTries(hits: ReadonlyMap<string, Hit>) {
  const tries = new Map(documented.map(row => [row.name, row.tries ?? retryLimit]))
  return Object.fromEntries([...hits.keys()].map(name => [name, tries.get(name)]))
}
