// A layer that several images have comes over the wire once, and what is there already not at all.
import t, { type Test } from 'tap'
import { boundImages, imageSpec } from '../bound-images.ts'
import { type Host, Lab, makeLayer } from '../lab.ts'
import { isPulling, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const start = 'systemctl start bootc-bound-images.target'
async function pushOn(base: readonly ReturnType<typeof makeLayer>[], names: readonly string[]) {
  for (const name of names)
    await registry.push(name, { layers: [...base, makeLayer({ bytes: 200_000 })] })
}

async function stageAll(host: Host, version: string, names: readonly string[]): Promise<void> {
  const specs = names.map(name => [`${name.replace(':', '-')}.image`, imageSpec(registry, name)])
  await host.commit(version, boundImages(Object.fromEntries(specs)))
  registry.forget()
  await host.stage(version)
  t.match(await host.run(start), { exitCode: 0 })
}

async function expects(t: Test, host: Host, bytes: number): Promise<void> {
  const { stdout } = await host.run(
    "bootc-bound-images status --json | jq '.images | map(.bytes) | add'",
  )
  const expected = Number(stdout)
  t.ok(Math.abs(expected - bytes) < 0.02 * bytes, `expected ${expected} of ${bytes} bytes`)
}

t.test('eight images on one base, then eight more', async t => {
  const base = makeLayer({ bytes: 20_000_000 })
  const names = Array.from({ length: 8 }, (_, index) => `on-base-${index}:1`)
  await pushOn([base], names)
  const host = await lab.host()
  await stageAll(host, 'v2', names)
  const unique = 20_000_000 + 8 * 200_000
  t.ok(
    Math.abs(registry.blobBytes - unique) < 0.02 * unique,
    `${registry.blobBytes} of ${unique} bytes`,
  )

  await expects(t, host, unique)

  const more = names.map(name => name.replace(':1', ':2'))
  await pushOn([base], more)
  await stageAll(host, 'v3', more)
  t.ok(registry.blobBytes < 8 * 200_000 * 1.05, `${registry.blobBytes} bytes, the base is there`)
  await expects(t, host, 8 * 200_000)

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
  await host.kill()
})

t.test('what another staging adds waits for a layer that is on its way', async t => {
  const base = makeLayer({ bytes: 1_000_000 })
  await registry.push('first:1', { layers: [base, makeLayer({ bytes: 300_000 })] })
  await registry.push('smaller:1', { layers: [base] })
  const host = await lab.host()
  const spec = (name: string) =>
    boundImages({ [`${name}.image`]: imageSpec(registry, `${name}:1`) })
  await host.commit('v2', spec('first'))
  await host.commit('v3', { ...spec('first'), ...spec('smaller') })
  registry.fail({ match: base.digest, delayMs: 5000 })
  registry.forget()
  await host.stage('v2')
  const requested = () => registry.requests.filter(({ url }) => url.endsWith(base.digest))
  await until(host, isPulling)
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.equal(requested().length, 1)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
  registry.heal()
  await host.kill()
})

t.test('all is there, and named by digest: no request, no unit, no reload', async t => {
  const digest = await registry.push('pinned:1')
  const host = await lab.host()
  const specs = {
    'pinned.image': `[Image]\nImage=${registry.address}/pinned@${digest}\nTLSVerify=false\n`,
  }
  await host.commit('v2', boundImages(specs))
  await host.commit('v3', { ...boundImages(specs), 'usr/share/version': '3' })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  registry.forget()
  const reloads = () => host.run('journalctl -b -o cat | grep -c "Reloading requested"')
  const before = await reloads()
  await host.stage('v3')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(registry.requests, [])
  t.strictSame(await reloads(), before)
  t.equal((await host.run('ls /run/bootc-bound-images/units')).exitCode, 2)
  t.match((await host.run('bootc-bound-images status')).stdout, /pinned@sha256:\w+ +present/)

  const asked = await host.run(`
    mkdir /run/asked && cd /run/asked &&
    for program in podman skopeo systemctl; do
      printf '#!/bin/sh\\necho "\${0##*/} $1 $2" >>/run/asked/log\\nexec /usr/bin/\${0##*/} "$@"\\n' >$program
    done && chmod +x * && PATH=/run/asked:$PATH bootc-bound-images stage && cat log`)
  t.match(asked, { exitCode: 0 })
  const programs = asked.stdout.split('\n').slice(1)
  t.ok(programs.includes('podman image inspect'))
  t.notOk(
    programs.some(line => line.startsWith('skopeo')),
    'no registry is asked',
  )
  t.strictSame(
    programs.filter(line => /^systemctl (?:start|stop|daemon-reload|reset-failed)/.test(line)),
    [],
    'systemd has nothing to do',
  )
  const record =
    'test -e /var/lib/bootc-bound-images/deployments/$(bootc-bound-images status --json | jq -r .deployment).json'
  t.match(await host.run(record), { exitCode: 0 }, 'the images are noted')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3')
  await host.kill()
})
