// What a pull has stored is verified against the digest that was asked for, and against its own configuration.
import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { type Host, Lab, makeOciArchive } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const start = 'systemctl start bootc-bound-images.target'
const store = '/var/lib/containers/storage'

interface Report {
  readonly image: string
  readonly state: string
  readonly verified: boolean
  readonly why: string
}

/** The reports of `status`, by the names of the images without their registry. */
async function reports(host: Host): Promise<Readonly<Record<string, Report>>> {
  const { stdout } = await host.run('bootc-bound-images status --json')
  const { images }: { readonly images: readonly Report[] } = JSON.parse(stdout)
  return Object.fromEntries(images.map(each => [each.image.replace(/^.*\//u, ''), each]))
}

/** Runs a script after each pull, before it is verified. */
async function afterPulls(host: Host, script: string): Promise<void> {
  await host.run(`
    mkdir -p /run/systemd/system/bootc-pending-.service.d
    printf '[Service]\nExecStart=+/bin/sh /run/after-pull\n' >/run/systemd/system/bootc-pending-.service.d/99-lab.conf
    cat >/run/after-pull <<'END'\n${script}\nEND`)
}

t.test('what can be proven of each kind of image', async t => {
  const digest = await registry.push('pinned:1', { files: { id: 'pinned' } })
  const list = await registry.pushIndex('list:1', {
    amd64: { files: { id: 'list' } },
    arm64: { files: { id: 'list' } },
  })
  await registry.push('tag:1', { files: { id: 'tag' } })
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'pinned.image': imageSpec(registry, `pinned@${digest}`),
      'list.image': imageSpec(registry, `list@${list}`),
      'tag.image': imageSpec(registry, 'tag:1'),
      'archive.image':
        '[Image]\nImage=oci-archive:/usr/share/a.tar\nImageTag=r.invalid/archive:1\n',
    }),
    'usr/share/a.tar': { contents: makeOciArchive({ files: { id: 'a' } }, 'r.invalid/archive:1') },
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const proven = { state: 'present', verified: true, why: 'verified' }
  const inItself = {
    state: 'present',
    verified: false,
    why: 'contents verified; its name has no digest to verify',
  }
  t.match(await reports(host), {
    [`pinned@${digest}`]: proven,
    [`list@${list}`]: proven,
    'tag:1': inItself,
    'archive:1': inItself,
  })
  t.match(
    (await host.run('bootc-bound-images status')).stdout,
    /@sha256:\w+ +present .* verified$/m,
  )

  // As version 0.1.0 left its records.
  await host.run(
    String.raw`sed -i -E 's/^\S+ (\S+ \S+) verified$/- \1/' /var/lib/bootc-bound-images/pulls/*`,
  )
  t.match(await reports(host), {
    [`pinned@${digest}`]: { state: 'present', verified: false, why: '' },
  })
  t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 })
  await host.kill()
})

t.test('a tag that staging resolves is verified', async t => {
  await registry.push('resolved:1', { files: { id: 'resolved' } })
  const host = await lab.host()
  await host.commit('v2', boundImages({ 'resolved.image': imageSpec(registry, 'resolved:1') }))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.match(await reports(host), { 'resolved:1': { state: 'present', verified: true } })
  await host.kill()
})

const changes = {
  manifest: {
    script: `for file in ${store}/overlay-images/*/*; do
      if grep -q mediaType "$file"; then echo >>"$file"; fi
    done`,
    reason: /is not that image: none of its manifests has the digest sha256:/,
  },
  configuration: {
    script: `for file in ${store}/overlay-images/*/=*; do
      if grep -q diff_ids "$file"; then echo >>"$file"; fi
    done`,
    reason: /is not that image: its configuration does not have the digest sha256:/,
  },
  layer: {
    script: `sed -i 's/"diff-digest":"sha256:......../"diff-digest":"sha256:00000000/' ${store}/overlay-layers/layers.json`,
    reason:
      /is not that image: its layers are sha256:00000000\w+, but its configuration names sha256:/,
  },
}

/** As after a power failure, of which there is no mark. */
const links = {
  script: `truncate -s 0 ${store}/overlay/*/link`,
  reason: /is not that image: its layer [0-9a-f]{64} is damaged/,
}

for (const [what, { script, reason }] of Object.entries({ ...changes, links }))
  t.test(`a changed ${what}`, async t => {
    const image = `${what}@${await registry.push(`${what}:1`, { files: { id: what } })}`
    const host = await lab.host({ v1: fewQuickTries })
    await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, image) }))
    await afterPulls(host, script)
    await host.stage('v2')
    t.match(await host.run(start), { exitCode: 1 })
    t.match(await reports(host), { [image]: { state: 'failed', verified: false, why: reason } })
    t.strictSame(await imagesOn(host, [`${registry.address}/${image}`]), [], 'it does not count')
    t.match(await host.run('bootc-bound-images gate'), { exitCode: 1, stderr: reason })

    // Only the first attempt.
    await afterPulls(host, `${script}; echo >/run/after-pull`)
    t.match(await host.run(start), { exitCode: 0 })
    const { stdout } = await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)
    t.match(stdout, reason)
    t.match(stdout, /^removing it, so that the next attempt pulls it anew$/m)
    t.match(await reports(host), { [image]: { state: 'present', verified: true } })
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v2')
    await host.kill()
  })

t.test('the image of a container by the name of another one keeps its own name', async t => {
  const image = `web@${await registry.push('web:1', { files: { id: 'web' } })}`
  const name = `${registry.address}/${image}`
  const used = `${registry.address}/used:1`
  await registry.push('used:1', { files: { id: 'used' } })
  const host = await lab.host({ v1: fewQuickTries })
  await host.run(`podman image pull --tls-verify=false ${used} && podman container create ${used}`)
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, image) }))
  await afterPulls(
    host,
    `podman image rm ${name}
    sed -i 's#"names":."${used}"#&,"${name}"#' ${store}/overlay-images/images.json`,
  )
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  t.match(await reports(host), { [image]: { state: 'failed', why: changes.manifest.reason } })
  const list = `podman image list --format '{{.Names}}'`
  t.equal((await host.run(list)).stdout, `[${used}]`)
  await host.kill()
})

t.test('a changed image that a container uses does not count', async t => {
  const image = `held@${await registry.push('held:1', { files: { id: 'held' } })}`
  const name = `${registry.address}/${image}`
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, image) }))
  await afterPulls(host, `podman container create ${name}; ${changes.layer.script}`)
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  t.match(await reports(host), { [image]: { state: 'failed' } })
  t.strictSame(await imagesOn(host, [name]), [])
  const { stdout } = await host.run(`journalctl -b -o cat -u 'bootc-pending-*'`)
  t.match(stdout, changes.layer.reason)
  t.match(stdout, /^not removed: .*container/m)
  await host.kill()
})
