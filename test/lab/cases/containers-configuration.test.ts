import t from 'tap'
import { boundImages, fewQuickTries, imagesOn } from '../bound-images.ts'
import { insecureRegistries } from '../containers-files.ts'
import { type Host, Lab } from '../lab.ts'

// All speak plain HTTP and no spec says so: only the configuration of the new deployment can.
const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const local = await lab.registry()

const image = (name: string) => `[Image]\nImage=${name}\n`

/** Every path of the host's own configuration, with its content. */
async function hostConfiguration(host: Host): Promise<string> {
  const { stdout } = await host.run(
    `find /etc/containers -printf '%p %y %m %u %l\\n' | sort
     find /etc/containers -type f -print0 | sort --zero-terminated | xargs --null sha256sum`,
  )
  return stdout
}

t.test("pulls see the new deployment's registries, the host does not", async t => {
  for (const name of ['web:1', 'shop/alias:1', 'searched:1', 'mirrored:1', 'gone:1'])
    await registry.push(name)
  await local.push('web:1')
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      '/etc/containers/registries.conf.d/30-old.conf':
        '[aliases]\n"shop/alias" = "old.invalid/x"\n',
      '/etc/containers/registries.conf.d/40-same.conf': '# as ever\n',
    },
  })
  await host.commit('v2', {
    ...boundImages({
      'web.image': image(`${registry.address}/web:1`),
      'alias.image': image('shop/alias:1'),
      'searched.image': image('searched:1'),
      'mirrored.image': image('registry.invalid/shop/mirrored:1'),
      'local.image': image(`${local.address}/web:1`),
    }),
    '/etc/containers/registries.conf.d/30-old.conf': undefined,
    '/etc/containers/registries.conf.d/20-shop.conf': `
unqualified-search-registries = ["${registry.address}"]
${insecureRegistries(registry)}
[[registry]]
location = "registry.invalid/shop"
[[registry.mirror]]
location = "${registry.address}"
insecure = true
[aliases]
"shop/alias" = "${registry.address}/shop/alias"
`,
  })
  // What the administrator adds holds for both deployments.
  await host.run(
    `cat >/etc/containers/registries.conf.d/50-local.conf <<'EOF'\n${insecureRegistries(local)}EOF`,
  )
  const before = await hostConfiguration(host)
  t.match(before, '50-local.conf')
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const names = [
    ...['web:1', 'shop/alias:1', 'searched:1'].map(name => `${registry.address}/${name}`),
    'registry.invalid/shop/mirrored:1',
    `${local.address}/web:1`,
  ]
  t.strictSame(await imagesOn(host, names), names)
  t.equal(await hostConfiguration(host), before)
  t.match(
    await host.run(`podman image pull --retry=0 ${registry.address}/gone:1`),
    { exitCode: 125, stderr: /server gave HTTP response to HTTPS client/ },
    'the host itself still demands TLS',
  )

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  t.match(await host.run(`podman image pull ${registry.address}/gone:1`), { exitCode: 0 })
  await host.kill()
})

t.test("the new deployment's policy decides what may be pulled", async t => {
  const accept = [{ type: 'insecureAcceptAnything' }]
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'web.image': image(`${registry.address}/web:1`),
      'local.image': image(`${local.address}/web:1`),
    }),
    '/etc/containers/registries.conf.d/shop.conf': insecureRegistries(registry, local),
    '/etc/containers/policy.json': JSON.stringify({
      default: accept,
      transports: { docker: { [local.address]: [{ type: 'reject' }] } },
    }),
  })
  const before = await hostConfiguration(host)
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, new RegExp(`${registry.address}/web:1 +present `))
  t.match(stdout, new RegExp(`${local.address}/web:1 +failed .*rejected by policy`))
  t.equal(await hostConfiguration(host), before)
  t.match(
    await host.run(`podman image pull --tls-verify=false ${local.address}/web:1`),
    { exitCode: 0 },
    'the host itself still may',
  )
  await host.run(`podman image rm ${local.address}/web:1`)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})

t.test(
  'what podman 6 reads in /usr/share/containers counts if the new deployment has it',
  async t => {
    await registry.push('vendor:1')
    const usr = '/usr/share/containers/registries.conf.d/50-shop.conf'
    const host = await lab.host({
      v1: {
        ...fewQuickTries,
        [usr]: `[[registry]]\nlocation = "${registry.address}"\nblocked = true\n`,
      },
    })
    await host.commit('v2', {
      ...boundImages({ 'vendor.image': image(`${registry.address}/vendor:1`) }),
      [usr]: undefined,
      '/usr/share/containers/registries.rootful.conf.d/40-shop.conf': insecureRegistries(registry),
    })
    await host.stage('v2')
    const is6 = (await host.run('podman --version')).stdout.startsWith('podman version 6')
    const { exitCode } = await host.run('systemctl start bootc-bound-images.target')
    t.equal(exitCode, is6 ? 0 : 1, 'without them, podman demands TLS')
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), is6 ? 'v2' : 'v1')
    await host.kill()
  },
)
