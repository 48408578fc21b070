import t from 'tap'
import { boundImages, fewQuickTries, imagesOn } from '../bound-images.ts'
import { insecureRegistries } from '../containers-files.ts'
import { type Files, Lab } from '../lab.ts'
import { fromContainer, pausingProgram } from '../pausing-program.ts'
import { isAtRest, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const at = (image: string) => `${registry.address}/${image}`
const pause = { files: { pause: { contents: pausingProgram(), mode: 0o755 } }, cmd: ['/pause'] }
await registry.push('app:1', pause)

const quadlets = 'usr/share/containers/systemd'
const insecure = { '/etc/containers/registries.conf.d/shop.conf': insecureRegistries(registry) }
/** The lab has no controllers of control groups for containers. */
const app = (...lines: readonly string[]) =>
  [
    '[Container]',
    `Image=${at('app:1')}`,
    'Network=none',
    'CgroupsMode=disabled',
    ...lines,
    '',
  ].join('\n')
const start = 'systemctl start app.service'

/** What a container needs besides its own image: the image, the spec, and what uses the image on the booted system. */
const uses: readonly { image: string; files: Files; uses: string }[] = [
  {
    image: 'weights:1',
    files: boundImages({
      'app.container': app(`Mount=type=image,source=${at('weights:1')},dst=/w`),
    }),
    uses: `${start} && ${fromContainer('/w/id')}`,
  },
  {
    image: 'pages:1',
    files: {
      ...boundImages({ 'app.container': app('Volume=pages.volume:/pages') }),
      [`${quadlets}/pages.volume`]: `[Volume]\nDriver=image\nImage=${at('pages:1')}\n`,
    },
    uses: `${start} && ${fromContainer('/pages/id')}`,
  },
  {
    image: 'side:1',
    files: {
      ...boundImages({ 'shop.pod': '[Pod]\n' }),
      [`${quadlets}/app.container`]: app('Pod=shop.pod'),
      [`${quadlets}/side.container`]: `[Container]\nImage=${at('side:1')}\nPod=shop.pod\n`,
    },
    // The lab cannot run a pod.
    uses: `cat "$(podman image mount ${at('side:1')})/id"`,
  },
  {
    image: 'any:1',
    files: {
      'usr/lib/bootc-bound-images/bound-images.d/all.toml': 'all = true\n',
      [`${quadlets}/app.container`]: app(),
      [`${quadlets}/any.container`]: app('PodmanArgs=--tty').replace('app:1', 'any:1'),
      [`${quadlets}/built.container`]: '[Container]\nImage=localhost/built:1\n',
    },
    uses: `systemctl start any.service && ${fromContainer('/id')}`,
  },
]

for (const { image, files, uses: use } of uses)
  t.test(`the old OS stays without ${image}, and the new one can use it offline`, async t => {
    const host = await lab.host({ v1: fewQuickTries })
    await host.commit('v2', { ...insecure, ...files })
    await host.stage('v2')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v1')
    t.match(await host.run('bootc-bound-images status'), { stdout: `${at(image)} ` })

    await registry.push(image, { ...pause, files: { ...pause.files, id: image } })
    await until(host, isAtRest)
    await host.stage('v2')
    t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
    await registry.stop()
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v2')
    t.strictSame(await host.run(use), { exitCode: 0, stdout: image, stderr: '' })
    t.strictSame(await imagesOn(host, [at('app:1'), at(image)]), [at('app:1'), at(image)])
    await registry.start()
    await host.kill()
  })
