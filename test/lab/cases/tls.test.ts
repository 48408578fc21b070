import t from 'tap'
import { boundImages, fewQuickTries, imagesOn } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry({ tls: true })
const names = (images: readonly string[]) => images.map(image => `${registry.address}/${image}:1`)

/** A `.image` file for each image, with a line that says how the registry is to be trusted. */
const specs = (lines: Readonly<Record<string, string>>) =>
  boundImages(
    Object.fromEntries(
      Object.entries(lines).map(([image, line]) => [
        `${image}.image`,
        `[Image]\nImage=${registry.address}/${image}:1\n${line}\n`,
      ]),
    ),
  )

t.test('CertDir= is found where the new deployment will have it', async t => {
  const lines = {
    vendor: 'CertDir=/usr/share/shop/certs',
    shipped: 'CertDir=/etc/shop/shipped',
    updated: 'CertDir=/etc/shop/updated',
    local: 'CertDir=/etc/shop/local',
    added: 'CertDir=/etc/shop/added',
    unverified: 'TLSVerify=false',
  }
  for (const image of Object.keys(lines)) await registry.push(`${image}:1`)
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      '/etc/shop/updated/ca.crt': 'not a certificate any more\n',
      '/etc/shop/added/README': 'certificates of the shop\n',
    },
  })
  await host.commit('v2', {
    ...specs(lines),
    'usr/share/shop/certs/ca.crt': registry.certificate,
    '/etc/shop/shipped/ca.crt': registry.certificate,
    '/etc/shop/updated/ca.crt': registry.certificate,
    '/etc/shop/added/README': 'certificates of the shop, second edition\n',
  })
  await host.run(
    `cd /etc/shop && mkdir local && tee local/ca.crt >added/ca.crt <<'EOF'\n${registry.certificate}EOF`,
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const images = Object.keys(lines)
  t.strictSame(await imagesOn(host, names(images)), names(images))
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names(images)), names(images))
  t.equal(
    (await host.run('cat /etc/shop/updated/ca.crt /etc/shop/added/ca.crt')).stdout,
    registry.certificate.repeat(2).trimEnd(),
    'ostree merged the directories as they were looked up',
  )
  await host.kill()
})

t.test('certs.d of the new root is enough', async t => {
  await registry.push('configured:1')
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...specs({ configured: '' }),
    [`/etc/containers/certs.d/${registry.address}/ca.crt`]: registry.certificate,
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(await imagesOn(host, names(['configured'])), names(['configured']))
  t.match(await host.run('ls /etc/containers/certs.d'), { exitCode: 2 }, 'the host has none')
  await host.kill()
})

t.test('a registry that nobody vouches for gets no request, and no deployment', async t => {
  for (const image of ['unknown', 'wrong']) await registry.push(`${image}:1`)
  const other = await lab.registry({ tls: true })
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...specs({ unknown: '', wrong: 'CertDir=/usr/share/shop/certs' }),
    'usr/share/shop/certs/ca.crt': other.certificate,
  })
  registry.forget()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status')
  for (const image of ['unknown', 'wrong'])
    t.match(
      stdout,
      new RegExp(`${image}:1 +failed .*x509: certificate signed by unknown authority`),
    )
  t.strictSame(registry.requests, [])
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match((await host.run('bootc-bound-images status')).stdout, /unknown:1 .*x509: /)
  await host.kill()
})
