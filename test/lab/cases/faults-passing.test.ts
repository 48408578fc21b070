// Faults of registries that pass, each as docs/faults.md says.
import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { readDocumentedFaults } from '../documented-faults.ts'
import { harm, pullOwnImage } from '../harm.ts'
import { type Fault, Lab } from '../lab.ts'
import { makeLayer } from '../oci-image.ts'

/** A fault, where it hits, and the least and most times that podman is started for it. */
interface Row extends Omit<Fault, 'match'> {
  readonly in: 'manifest' | 'layer'
  readonly bytes?: number
  readonly tries: readonly [least: number, most: number]
}

const rows: Readonly<Record<string, Row>> = {
  'unavailable-twice': { in: 'manifest', status: 503, times: 2, tries: [1, 3] },
  busy: { in: 'manifest', status: 429, headers: { 'retry-after': '2' }, times: 2, tries: [1, 1] },
  'reset-once': { in: 'manifest', mode: 'reset', times: 1, tries: [1, 1] },
  'cut-once': { in: 'layer', mode: 'reset', afterBytes: 50_000, times: 1, tries: [1, 2] },
  'truncated-once': { in: 'layer', mode: 'end', afterBytes: 50_000, times: 1, tries: [1, 2] },
  'wrong-digest-once': { in: 'layer', wrongByte: 4, times: 1, tries: [2, 2] },
  'silent-once': { in: 'manifest', mode: 'hang', times: 1, tries: [2, 2] },
  slow: { in: 'layer', bytes: 20_000, bytesPerSecond: 1000, tries: [1, 1] },
}

const lab = await Lab.open()
t.teardown(() => lab.close())

t.test('the pull is tried again, and the update is applied', async t => {
  const documented = readDocumentedFaults('Faults that pass').map(({ name }) => name)
  t.strictSame(documented.toSorted(), Object.keys(rows).toSorted(), 'all are tested')
  const registry = await lab.registry()
  for (const [name, { in: where, bytes = 100_000, tries: _tries, ...fault }] of Object.entries(
    rows,
  )) {
    const layer = makeLayer({ bytes })
    await registry.push(`${name}:1`, { layers: [layer] })
    registry.fail({ ...fault, match: where === 'layer' ? layer.digest : `/${name}/manifests/` })
  }
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      'usr/lib/bootc-bound-images.conf.d/timeout.conf': '[BoundImages]\nStallTimeoutSec=6\n',
    },
  })
  await pullOwnImage(host, registry)
  const specs = Object.keys(rows).map(name => [`${name}.image`, imageSpec(registry, `${name}:1`)])
  await host.commit('v2', boundImages(Object.fromEntries(specs)))
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })

  const images = Object.keys(rows).map(name => `${registry.address}/${name}:1`)
  t.strictSame(await imagesOn(host, images), images)
  const { stdout } = await host.run("journalctl --boot --output=cat -u 'bootc-pending-*'")
  for (const [name, { tries }] of Object.entries(rows)) {
    const start = `Trying to pull ${registry.address}/${name}:1...`
    const count = stdout.split('\n').filter(line => line === start).length
    t.ok(count >= tries[0] && count <= tries[1], `${name}: ${count} tries`)
  }
  const asked = registry.requests.filter(({ url }) => url.includes('/busy/manifests/'))
  t.strictSame(
    asked.map(({ status }) => status),
    [429, 429, 200],
  )
  const [first = 0, second = 0, third = 0] = asked.map(({ at }) => at)
  t.ok(second - first >= 2000 && third - second >= 2000, 'Retry-After is heeded')

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, images), images)
  t.strictSame(await harm(host, registry), [])
  await host.kill()
})
