// Opening a FIFO blocks until somebody else opens it too. So there is one in each place that a spec can
// make us look at, and whatever is said about it, it must be said.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

const quadlet = 'root/usr/share/containers/systemd'
const bound = 'root/usr/lib/bootc/bound-images.d'

/** In the new root and in the root of the running host. */
const files: Readonly<Record<string, string>> = {
  [`${quadlet}/web.image`]: `[Image]
Image=web:1
Arch=%o
AuthFile=/etc/web/auth.json
CertDir=/usr/share/certs
DecryptionKey=/var/lib/web.key:file=/run/passphrase
ContainersConfModule=web.conf
`,
  [`${quadlet}/web.image.d/10.conf`]: '[Image]\nTLSVerify=true\n',
  [`${quadlet}/site.container`]: '[Container]\nImage=web.image\n',
  [`${quadlet}/archive.image`]: `[Image]
Image=docker-archive:/usr/share/archive.tar
ImageTag=localhost/archive:1
`,
  [`${quadlet}/oci.image`]: '[Image]\nImage=oci:/usr/share/oci\nImageTag=localhost/oci:1\n',
  [`${quadlet}/pod.kube`]: '[Kube]\nYaml=pod.yaml\n',
  [`${quadlet}/pod.yaml`]: 'kind: Pod\nspec: { containers: [{ image: registry.example/pod:1 }] }\n',
  [`${bound}/list.toml`]: 'images = ["registry.example/list:1"]\n',
  'root/usr/share/archive.tar': '',
  'root/usr/share/oci/index.json': '{}',
  'root/usr/share/certs/ca.crt': '',
  'root/usr/lib/os-release': 'ID=lab\n',
  'root/usr/etc/os-release': 'ID=lab\n',
  'root/usr/etc/web/auth.json': '{}',
  'root/usr/etc/ostree/auth.json': '{}',
  'root/usr/lib/ostree/auth.json': '{}',
  'root/usr/lib/systemd/libsystemd-shared-257.so': '',
  'root/usr/etc/containers/containers.conf.modules/web.conf': '',
  'root/usr/etc/containers/policy.json': '{}',
  'root/usr/etc/containers/registries.conf':
    'unqualified-search-registries = ["registry.example"]\n',
  'root/usr/etc/containers/registries.conf.d/a.conf': '',
  'root/usr/etc/containers/registries.d/a.yaml': '',
  'root/usr/etc/containers/systemd/other.image': '',
  'host/usr/etc/containers/policy.json': '{ }',
  'host/etc/containers/policy.json': '{ }',
  'host/etc/containers/storage.conf': '',
  'host/etc/machine-id': '',
  'host/run/ostree/auth.json': '{}',
  'host/run/passphrase': '',
  'host/var/lib/web.key': '',
  'host/var/cache/containers/short-name-aliases.conf': '',
}
const entries = ['web.image', 'site.container', 'archive.image', 'oci.image', 'pod.kube']

/** Prints one line for each directory, when it is done. */
const program = `
  import { readRequest } from ${JSON.stringify(new URL('../../lib/request/request.ts', import.meta.url))}
  import { defaultSettings } from ${JSON.stringify(new URL('../../lib/config/settings.ts', import.meta.url))}
  for (const directory of process.argv.slice(1)) {
    const options = { hostRoot: directory + '/host', podmanVersion: [5, 8], settings: defaultSettings }
    let result
    try {
      const { specs, problems } = readRequest(directory + '/root', options)
      result = [new Set(specs.map(spec => spec.boundImage.identity)).size, problems.length]
    } catch (error) {
      result = String(error)
    }
    process.stdout.write(JSON.stringify(result) + '\\n')
  }
`

function plant(directory: string): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  for (const name of entries)
    symlinkSync(`/usr/share/containers/systemd/${name}`, join(directory, bound, name))
}

/** Each file and each directory with one. The host's machine ID is nobody's but the host's. */
const places = [...new Set(Object.keys(files).flatMap(path => [path, dirname(path)]))]
  .concat(`${bound}/a.image`)
  .filter(place => place !== 'host/etc/machine-id')

// Many small files.
t.setTimeout(600_000)

t.test('a FIFO in each place', t => {
  const directory = t.testdir()
  const directories = ['nowhere', ...places].map((place, index) => {
    plant(join(directory, `${index}`))
    rmSync(join(directory, `${index}`, place), { recursive: true, force: true })
    return join(directory, `${index}`)
  })
  const fifos = places.map((place, index) => join(directory, `${index + 1}`, place))
  execFileSync('mkfifo', fifos)
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, '--input-type=module', '--eval', program, ...directories],
    { encoding: 'utf8', timeout: 100_000, killSignal: 'SIGKILL' },
  )
  const results = child.stdout.split('\n').slice(0, -1)
  t.equal(results[0], JSON.stringify([entries.length, 0]), 'without one, all is pulled')
  t.equal(child.stderr, '')
  t.equal(places[results.length - 1], undefined, 'the place of the FIFO that was opened')
  t.end()
})
