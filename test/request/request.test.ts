import { mkdirSync, realpathSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { defaultSettings } from '../../lib/config/settings.ts'
import { planRequest } from '../../lib/request/plan-request.ts'
import { readRequest } from '../../lib/request/request.ts'
import { anyPodmanVersion, type PodmanVersion } from '../../lib/facts/podman-version.ts'
import { defaultStore } from '../../lib/facts/image-store.ts'
import { describeProblem } from '../../lib/text/fault.ts'
import { makeTree } from '../make-tree.ts'
import { render } from '../render-root.ts'

const entry = 'usr/lib/bootc/bound-images.d/a.image'
const options = {
  hostRoot: undefined,
  podmanVersion: [5, 4] as const,
}

t.test('a directory without an operating system is not an empty request', t => {
  t.throws(() => readRequest(t.testdir({}), options), {
    message: /is not the root of a deployment/,
  })
  t.throws(() => readRequest(t.testdir({ usr: 'a file' }), options), { message: /is not the root/ })
  t.throws(() => readRequest('/nowhere', options), { message: /\/nowhere is not the root/ })
  t.end()
})

t.test('a spec that the podman of the host cannot honour is a problem', t => {
  const root = makeTree(t, { [entry]: '[Image]\nImage=quay.io/x/a:1\nPolicy=never\n' })
  const { specs, problems } = readRequest(root, options)
  t.strictSame(specs, [])
  t.strictSame(problems.flatMap(describeProblem), [
    `${entry}: podman 5.4 on this host does not support --policy; update podman to 5.6 or newer first`,
  ])
  t.end()
})

t.test('the credentials of a spec that podman cannot honour are not needed', t => {
  const directory = 'usr/lib/bootc/bound-images.d'
  const root = makeTree(t, {
    [`${directory}/a.image`]: '[Image]\nImage=quay.io/x/a:1\nCreds=me:one\n',
    [`${directory}/b.image`]: '[Image]\nImage=quay.io/x/b:1\nPolicy=never\nCreds=me:two\n',
  })
  const any = readRequest(root, { ...options, podmanVersion: anyPodmanVersion })
  t.equal(any.specs.length, 2)
  t.equal(any.privateFiles.length, 2)
  const { specs, privateFiles } = readRequest(root, options)
  t.equal(specs.length, 1)
  t.strictSame(privateFiles, any.privateFiles.slice(0, 1))
  t.end()
})

t.test('the machine ID of the host is that of the new deployment', t => {
  const id = '0123456789abcdef0123456789abcdef'
  const request = (machineId: string) => {
    const top = makeTree(t, {
      [`root/${entry}`]: '[Image]\nImage=quay.io/x/a:%m\n',
      ...(machineId === '' ? {} : { 'host/etc/machine-id': machineId }),
    })
    mkdirSync(join(top, 'host'), { recursive: true })
    return readRequest(join(top, 'root'), { ...options, hostRoot: join(top, 'host') })
  }
  t.match(request(`${id}\n`).specs, [{ boundImage: { image: `quay.io/x/a:${id}` } }])
  for (const machineId of ['', 'uninitialized\n']) {
    const { specs, problems } = request(machineId)
    t.strictSame(specs, [], machineId)
    t.match(problems.flatMap(describeProblem), [/line 2, Image=: specifier %m/], machineId)
  }
  t.end()
})

t.test('the running system itself uses its own configuration of registries', t => {
  const root = makeTree(t, {
    [entry]: '[Image]\nImage=quay.io/x/a:1\n',
    'etc/containers/registries.conf': 'x = 1',
  })
  const request = readRequest(root, { ...options, hostRoot: realpathSync(root) })
  t.equal(request.containersDirectory, undefined)
  t.strictSame(request.privateFiles, [])
  t.end()
})

t.test('a configuration of registries that cannot be read', t => {
  const configuration = { 'root/usr/etc/containers/policy.json/x/x/x/x/x': '' }
  const request = (spec: Readonly<Record<string, string>>) => {
    const top = makeTree(t, {
      ...spec,
      ...configuration,
      'root/usr/lib/': '',
      'host/etc/containers/': '',
    })
    return readRequest(join(top, 'root'), { ...options, hostRoot: join(top, 'host') })
  }
  const broken = request({ [`root/${entry}`]: '[Image]\nImage=quay.io/x/a:1\n' })
  t.match(broken.problems.flatMap(describeProblem), [/^etc\/containers: .* nested too deeply/])
  t.strictSame(request({}).problems, [], 'is no problem where nothing is pulled')
  t.end()
})

const withCertificates = (name: string) =>
  `[Image]\nImage=quay.io/x/${name}:1\nCertDir=/etc/certs\n`

t.test(
  'certificates that several specs name are copied once, and count beside the configuration',
  t => {
    const directory = 'root/usr/lib/bootc/bound-images.d'
    const tree = {
      [`${directory}/a.image`]: withCertificates('a'),
      [`${directory}/b.image`]: `${withCertificates('b')}Policy=never\n`,
      'root/usr/etc/certs/a.crt': { link: '/usr/a.crt' },
      'root/usr/a.crt': 'certificate',
      'root/usr/etc/containers/policy.json': 'new',
      'host/etc/containers/': '',
    }
    const request = (top: string, podmanVersion: PodmanVersion = anyPodmanVersion) =>
      readRequest(join(top, 'root'), { ...options, podmanVersion, hostRoot: join(top, 'host') })
    const top = makeTree(t, tree)
    const both = request(top)
    t.strictSame(both.problems, [])
    t.strictSame(
      both.privateFiles.map(({ contents }) => contents.toString()),
      ['certificate', 'new'],
    )
    const { specs, privateFiles } = request(top, options.podmanVersion)
    t.equal(specs.length, 1)
    t.equal(privateFiles.length, 2, 'another spec still needs them')
    const names = Array.from({ length: 16 }, (_, n) => `root/usr/etc/certs/${n}.crt`)
    const large = makeTree(t, { ...tree, ...Object.fromEntries(names.map(name => [name, ''])) })
    for (const name of names) truncateSync(join(large, name), 1024 * 1024 - 1)
    t.match(request(large).problems.flatMap(describeProblem), [])
    truncateSync(join(large, 'root/usr/etc/containers/policy.json'), 10)
    t.match(request(large).problems.flatMap(describeProblem), [
      /^etc\/containers: \/etc\/containers\/policy\.json: the .* of one root exceed 16777216 bytes; remove what/,
    ])
    t.end()
  },
)

t.test('a plan takes the digest to which a tag was resolved', t => {
  const root = makeTree(t, { [entry]: '[Image]\nImage=quay.io/x/a:1\n' })
  const request = readRequest(root, options)
  const [spec] = request.specs
  const digest = `sha256:${'0'.repeat(64)}`
  const known = new Map([[spec?.boundImage.identity ?? '', { digest, isPresent: false }]])
  t.strictSame(
    planRequest(request, defaultSettings, known).pulls.map(({ boundImage }) => boundImage.digest),
    [digest],
  )
  t.end()
})

t.test('where images may be damaged, what reads them back is confined', t => {
  const root = makeTree(t, { [entry]: '[Image]\nImage=quay.io/x/a:1\n' })
  const record = (isStoreSuspect: boolean) =>
    render(readRequest(root, options), {
      ...options,
      settings: defaultSettings,
      systemdVersion: 257,
      imageStore: defaultStore,
      temporaryDirectory: '/var/tmp',
      libraryDirectory: '/opt/lib',
      isStoreSuspect,
    }).flatMap(({ contents }) => /^ExecStartPost=(\S+)/mu.exec(contents)?.[1] ?? [])
  t.strictSame(record(false), ['+/opt/lib/record-pull'])
  t.strictSame(record(true), ['/opt/lib/record-pull'])
  t.end()
})

t.test('specs come from the directories that the root itself names', t => {
  const tree = {
    'root/usr/lib/bootc-bound-images.conf':
      '[BoundImages]\nSpecDirs=/usr/lib/shop /run/shop\nPullTimeoutSec=forever\n',
    'root/usr/lib/shop/a.image': '[Image]\nImage=quay.io/x/a:1\n',
    'host/run/shop/b.image': '[Image]\nImage=quay.io/x/b:1\n',
    'host/run/bootc-bound-images.conf': '[BoundImages]\nSpecDirs=/nowhere\n',
  }
  const top = makeTree(t, tree)
  const request = readRequest(join(top, 'root'), { ...options, hostRoot: join(top, 'host') })
  t.strictSame(
    request.specs.map(({ entry }) => entry),
    ['usr/lib/shop/a.image'],
  )
  t.strictSame(request.problems, [])
  t.end()
})

t.test('artifacts are in the own store of podman alone', t => {
  const tree = {
    'usr/lib/bootc/bound-images.d/w.artifact': '[Artifact]\nArtifact=quay.io/x/w:1\n',
    'usr/lib/bootc-bound-images.conf': '[BoundImages]\nStore=dedicated\n',
  }
  const { specs, problems } = readRequest(makeTree(t, { 'usr/': '', ...tree }), options)
  t.strictSame(specs, [])
  t.match(problems, [
    {
      faults: [
        {
          line: 2,
          key: 'Artifact',
          reason: /with Store=, the artifact quay\.io\/x\/w:1 cannot be bound/,
        },
      ],
    },
  ])
  t.end()
})
