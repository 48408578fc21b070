import t from 'tap'
import { boundImages, fewQuickTries, imagesOn } from '../bound-images.ts'
import { authJson, insecureRegistries } from '../containers-files.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const user = { user: 'shop', password: 'correct horse' }
const closed = await lab.registry({ users: [user] })
const at = (image: string) => `${registry.address}/${image}`

const pod = `
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  initContainers:
    - name: prepare
      image: ${at('pod-init:1')}
  containers:
    - name: web
      image: ${at('pod-web:1')}
    - name: log
      image: ${at('pod-log:1')}
`

t.test('specs of every kind in one deployment', async t => {
  const images = [
    'app:1',
    'alone:1',
    'web:2',
    'db-two-image:1',
    'pod-init:1',
    'pod-web:1',
    'pod-log:1',
  ]
  for (const image of [...images, 'web:1']) await registry.push(image, { files: { id: image } })
  for (const image of ['first:1', 'second:1']) await closed.push(image, { files: { id: image } })

  const host = await lab.host({ v1: fewQuickTries })
  const quadlet = 'usr/share/containers/systemd'
  await host.commit('v2', {
    ...boundImages({
      'app.container': '[Container]\nImage=app.image\n',
      'alone.container': `[Container]\nImage=${at('alone:1')}\nExec=/id\n`,
      'web.image': `[Image]\nImage=${at('web:1')}\n`,
      'shop.kube': '[Kube]\nYaml=shop.yaml\n',
    }),
    [`${quadlet}/app.image`]: `[Image]\nImage=${at('app:1')}\n`,
    [`${quadlet}/web.image.d/10-tag.conf`]: `[Image]\nImage=${at('web:2')}\n`,
    [`${quadlet}/shop.yaml`]: pod,
    [`${quadlet}/db@.image`]: `[Image]\nImage=${at('db-%i:1')}\n`,
    // Of an instance, Quadlet makes db@two-image.service, whose %i is two-image.
    [`${quadlet}/db@two.image`]: { symlink: 'db@.image' },
    'usr/lib/bootc/bound-images.d/db@two.image': { symlink: `/${quadlet}/db@.image` },
    'usr/lib/bootc-bound-images/bound-images.d/more.toml': `
images = ["${closed.address}/first:1", "${closed.address}/second:1"]
authfile = "/usr/share/shop/auth.json"
`,
    'usr/share/shop/auth.json': authJson(user, closed.address),
    '/etc/containers/registries.conf.d/shop.conf': insecureRegistries(registry, closed),
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const names = [
    ...images.map(at),
    ...['first:1', 'second:1'].map(each => `${closed.address}/${each}`),
  ]
  t.strictSame(await imagesOn(host, names), names)
  t.equal((await host.run('podman images --quiet | wc -l')).stdout, `${names.length}`)
  const status = await host.run('bootc-bound-images status')
  for (const name of names)
    t.match(status.stdout, new RegExp(`^${name} +present +bootc-pending-`, 'm'))

  await Promise.all([registry.stop(), closed.stop()])
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  const ofQuadlet = {
    'app-image.service': 'app:1',
    'alone.service': 'alone:1',
    'web-image.service': 'web:2',
    'db@two-image.service': 'db-two-image:1',
  }
  for (const [unit, image] of Object.entries(ofQuadlet))
    t.match(
      (await host.run(`systemctl show --property=ExecStart ${unit}`)).stdout,
      ` ${at(image)} `,
      `${unit} of the new deployment needs what was pulled`,
    )
  await host.shutdown()
  await Promise.all([registry.start(), closed.start()])
})
