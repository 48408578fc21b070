import t from 'tap'
import { readBoundImages } from '../../lib/bound-images/read-bound-images.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { describeProblem } from '../../lib/text/fault.ts'
import { SpecReader } from '../../lib/bound-images/spec-reader.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const links = 'usr/lib/bootc/bound-images.d'
const quadlets = 'usr/share/containers/systemd'
const options = { secrets: '/run/secrets', machineId: undefined }

/** Names of the bound images, then the faults. */
function read(tree: Tree): readonly string[] {
  const { specs, problems } = readBoundImages(new DeploymentFiles(makeTree(t, tree)), options)
  return [...specs.map(({ boundImage }) => boundImage.name), ...problems.flatMap(describeProblem)]
}

const linkTo = (name: string) => ({ [`${links}/${name}`]: { link: `/${quadlets}/${name}` } })
const quadlet = (name: string, ...lines: readonly string[]): Tree => ({
  [`${quadlets}/${name}`]: [...lines, ''].join('\n'),
})
const container = (name: string, ...lines: readonly string[]) =>
  quadlet(name, '[Container]', 'Image=quay.io/x/a:1', ...lines)
/** A bound container with these lines. */
const bound = (...lines: readonly string[]): Tree => ({
  ...container('a.container', ...lines),
  ...linkTo('a.container'),
})
const a = 'quay.io/x/a:1'
const at = `${links}/a.container (/${quadlets}/a.container), line 3, Mount=`

t.test('mounts of images', t => {
  const w = quadlet('w.image', '[Image]', 'Image=quay.io/x/w:1', 'Arch=arm64')
  const name = quadlet('a.container.d/1.conf', '[Container]', 'Mount=type=image,src=quay.io/x/%p:2')
  for (const [line, more] of [
    ['Mount=type=image,source=quay.io/x/w:1,destination=/w', {}],
    ['Mount=src=quay.io/x/v:1,dst=/w,type=image,source=quay.io/x/w:1', {}],
    ['Mount="type=image,source=quay.io/x/w:1,destination=/a b"', {}],
    ['Mount=type=tmpfs,dst=/%H type=image,src=quay.io/x/w:1,dst=/$HOME', {}],
    ['Mount=type=image,\\\nsource=quay.io/x/w:1,\\\ndestination=/w', {}],
    ['Mount="type=image,src=quay.io/x/w:1', {}],
    ['PodmanArgs=--tty --mount type=image,source=quay.io/x/w:1,dst=/w', {}],
    ['PodmanArgs="--mount=type=image,source=quay.io/x/w:1,dst=/w"', {}],
    ['Mount=src=w.image,dst=/w,type=image', w],
  ] as const)
    t.strictSame(read({ ...bound(line), ...more }), [a, 'quay.io/x/w:1'], line)
  t.strictSame(read({ ...bound(), ...name }), [a, 'quay.io/x/a:2'], 'a drop-in and a specifier')
  t.end()
})

t.test('a .image file whose name depends on the unit cannot be named by other files', t => {
  for (const line of [
    'Image=quay.io/x/%p:1',
    'Image=quay.io/x/%o-%N:1',
    'Image=quay.io/x/%o%i:1',
  ]) {
    const osRelease = { 'usr/lib/os-release': 'ID=lab\n' }
    const w = { ...quadlet('w.image', '[Image]', line), ...osRelease, ...linkTo('w.image') }
    const file = quadlet('c.container', '[Container]', 'Image=w.image')
    t.match(
      read({ ...w, ...file, ...linkTo('c.container') }).at(-1),
      /c\.container\), line 2, Image=: Image= of w\.image has a specifier that means another image in this file; /,
      line,
    )
    t.match(read({ ...w, ...bound('Mount=type=image,source=w.image,dst=/w') }).at(-1), /, Mount=: /)
  }
  for (const [line, image] of [
    ['Image=quay.io/x/%%i:1\nImageTag=\nImage=quay.io/x/b:1', 'quay.io/x/b:1'],
    ['Image=quay.io/x/%o:1\nImageTag=', 'quay.io/x/lab:1'],
    ['Image=docker-archive:/var/%p.tar\nImageTag=quay.io/x/tag:1', 'quay.io/x/tag:1'],
  ] as const) {
    const w = { ...quadlet('w.image', '[Image]', line), 'usr/lib/os-release': 'ID=lab\n' }
    const found = read({ ...w, ...bound('Mount=type=image,source=w.image,dst=/w') })
    t.strictSame(found, [a, image], line)
  }
  t.end()
})

t.test('other mounts are not read: what they hold may be known on the booted system only', t => {
  for (const line of [
    'Mount=type=bind,source=/image/%H,dst=/b',
    'Mount=type=bind,source=$HOME,destination=/type=image',
    'Mount=type=tmpfs,dst=/w',
    'Mount=type=image,source=localhost/w:1,dst=/w',
    'Mount=type=image,source=w.build,dst=/w',
    'Mount=type=image,dst=/w',
    'PodmanArgs=--mount type=image,source=w.image',
    'Mount=type=image,source=w',
    'Mount=type=image,source=x/w:1',
    `Mount=type=image,source=${'0'.repeat(64)}`,
    'PodmanArgs=--mount type=bind,source=/%H,dst=/x --mount',
    'Mount=type=image=x,source=quay.io/x/w:1',
    'Mount=type=bind,type=image,source=quay.io/x/w:1',
    'Mount=type=bind,source=/\\q',
    'Mount=type=volume,source=\\q.volume',
    'Mount=type=image,source=quay.io/x/\\q',
    'Mount=type=image,source=quay.io/x/w:1\nMount=',
  ])
    t.strictSame(read(bound(line)), [a], line)
  t.end()
})

t.test('mounts of images that cannot be bound', t => {
  t.match(read(bound('Mount=type=image,source=quay.io/A:1,dst=/w')), [a, at])
  t.strictSame(read(bound('Mount=type=image,\\"source=quay.io/x/w:1\\"')), [
    a,
    `${at}: a mount of an image with quotes; write it without quotes`,
  ])
  t.match(read(bound('Mount=type=image,source=quay.io/x/%H')), [a, `${at}: specifier %H`])
  t.match(read(bound('Mount=type=image,source=w.image')), [a, `${at}: the new root has no`])
  t.match(read(bound('Mount=type=image,source=oci:/usr/w')), [a, `${at}: an image from oci:`])
  t.end()
})

t.test('an argument of podman names no unit', t => {
  const line = 'PodmanArgs=--mount=type=image,source=quay.io/x/w.image,dst=/w'
  t.strictSame(read(bound(line)), [a, 'quay.io/x/w.image:latest'])
  t.end()
})

t.test('mounts of artifacts', t => {
  const w = quadlet('w.artifact', '[Artifact]', 'Artifact=quay.io/x/w:1', 'Retry=5')
  const found = (tree: Tree) =>
    readBoundImages(new DeploymentFiles(makeTree(t, tree)), options).specs.map(
      ({ boundImage: { name, isArtifact, mountedBy } }) => [name, isArtifact, mountedBy],
    )
  const own = [a, undefined, undefined]
  for (const [line, by, more] of [
    ['Mount=type=artifact,source=quay.io/x/w:1,dst=/w', 'name', {}],
    ['PodmanArgs=--mount=type=artifact,src=quay.io/x/w:1,dst=/w', 'name', {}],
    ['Mount=type=artifact,source=w.artifact,dst=/w', 'file', w],
  ] as const)
    t.strictSame(found({ ...bound(line), ...more }), [own, ['quay.io/x/w:1', true, by]], line)
  const both =
    'Mount=type=image,source=quay.io/x/w:1,dst=/i\nMount=type=artifact,source=quay.io/x/w:1,dst=/w'
  t.equal(found({ ...bound(both), ...w, ...linkTo('w.artifact') }).length, 3, 'of one name')
  t.strictSame(read(bound('Mount=type=artifact,source=w:1,dst=/w')), [a], 'a short name')
  t.match(read(bound('Mount=type=artifact,source=w.artifact,dst=/w')), [
    a,
    `${at}: the new root has no Quadlet file w.artifact`,
  ])
  t.match(read(bound('Mount=type=artifact,source=oci:/usr/w')), [
    a,
    `${at}: podman pulls artifacts only from registries`,
  ])
  t.end()
})

t.test('a file about an artifact', t => {
  const artifact = (...lines: readonly string[]) => ({
    ...quadlet('w.artifact', '[Artifact]', ...lines),
    ...linkTo('w.artifact'),
  })
  const place = `${links}/w.artifact (/${quadlets}/w.artifact)`
  t.strictSame(read(artifact('Artifact=quay.io/x/w:1', 'Quiet=true', 'PodmanArgs=--retry=2')), [
    'quay.io/x/w:1',
  ])
  t.match(
    read({
      ...bound('Mount=type=artifact,source=w.artifact,dst=/w'),
      ...quadlet('w.artifact', '[Artifact]', 'Artifact=quay.io/x/%p:1'),
    }),
    [a, /Artifact= of w\.artifact has a specifier that means another artifact in this file/u],
  )
  for (const [lines, fault] of [
    [['Quiet=true'], ', Artifact=: no Artifact= in [Artifact]; name the artifact to pull'],
    [['Artifact='], ', line 2, Artifact=: no Artifact= in [Artifact]; name the artifact to pull'],
    [
      ['Artifact=quay.io/x/w'],
      ', line 2, Artifact=: podman does not complete the name of an artifact that it mounts; write quay.io/x/w:latest',
    ],
    [
      ['Artifact=w:1'],
      ', line 2, Artifact=: podman does not look up short names of artifacts; write the name with its registry',
    ],
    [
      ['Artifact=quay.io/x/w:1', 'PodmanArgs=--quiet --arch=arm64'],
      ', line 3, PodmanArgs=: podman artifact pull has no option --arch; remove it',
    ],
    [
      ['Artifact=quay.io/x/w:1', 'Arch=arm64'],
      ', line 3, Arch=: unknown key in [Artifact]; remove it; Quadlet would ignore the whole file',
    ],
  ] as const)
    t.strictSame(read(artifact(...lines)), [`${place}${fault}`])
  t.match(read({ ...linkTo('w.artifact'), [`${quadlets}/w.artifact`]: '' }), [])
  t.match(
    read({
      ...artifact(),
      [`${quadlets}/w.artifact`]: '',
      ...quadlet('w.artifact.d/1.conf', '[Artifact]', 'Artifact=quay.io/x/w:1'),
    }),
    [/w\.artifact.*sets Artifact=/u],
  )
  t.end()
})

t.test('directories with the name of a pod or a volume', t => {
  const tree = {
    ...container('app.pod/b.container', 'Volume=v.volume:/v'),
    ...quadlet('data.volume/v.volume', '[Volume]', 'Driver=image', 'Image=quay.io/x/v:1'),
    [`${links}/b.container`]: { link: `/${quadlets}/app.pod/b.container` },
  }
  t.strictSame(read(tree), [a, 'quay.io/x/v:1'])
  t.end()
})

t.test('a spec that names the image decides how it is pulled', t => {
  const tree = {
    ...bound('Mount=type=image,source=quay.io/x/w:1'),
    ...quadlet('z.image', '[Image]', 'Image=quay.io/x/w:1', 'AuthFile=/usr/auth.json'),
    'usr/auth.json': '{}',
  }
  const flags = (files: Tree) =>
    readBoundImages(new DeploymentFiles(makeTree(t, files)), options).specs.map(({ boundImage }) =>
      boundImage.options.map(({ flag }) => flag),
    )
  t.strictSame(flags({ ...tree, ...linkTo('z.image') }), [[], ['--authfile']])
  t.strictSame(flags(tree), [[], []])
  t.end()
})

const volume = quadlet('v.volume', '[Volume]', 'Driver=image', 'Image=quay.io/x/v:1')

t.test('volumes of images', t => {
  for (const line of [
    'Volume=v.volume:/v:ro',
    'Mount=type=volume,source=v.volume,dst=/v',
    'Mount=source=v.volume,dst=/v',
    'Mount=type=bind,source=v.volume,dst=/v',
    'Mount=type=volume,source=v.volume,dst=/v\nVolume=v.volume:/x',
  ])
    t.strictSame(read({ ...bound(line), ...volume }), [a, 'quay.io/x/v:1'], line)
  for (const line of [
    'Volume=v.volume',
    'Volume=/v.volume:/v',
    'Volume=w.volume:/v',
    'Volume=v:/v',
  ])
    t.strictSame(read({ ...bound(line), ...volume }), [a], line)
  const image = quadlet('w.image', '[Image]', 'Image=quay.io/x/w:1')
  const file = quadlet('v.volume', '[Volume]', 'Driver=image', 'Image=w.image')
  t.strictSame(read({ ...bound('Volume=v.volume:/v'), ...image, ...file }), [a, 'quay.io/x/w:1'])
  const named = quadlet('v.volume', '[Volume]', 'Driver=image', 'Image=quay.io/x/%p:1')
  t.strictSame(read({ ...bound('Volume=v.volume:/v'), ...named }), [a, 'quay.io/x/v-volume:1'])
  t.end()
})

t.test('of other volumes, nothing matters', t => {
  for (const text of [
    ['[Volume]', 'Device=%H', 'Foo=1'],
    ['[Volume]', 'Driver=local', 'Image=%H'],
    ['[Volume]', 'Driver=image', 'Image=localhost/x:1'],
    ['[Volume]', 'Driver=image'],
    ['x'],
  ])
    t.strictSame(read({ ...bound('Volume=v.volume:/v'), ...quadlet('v.volume', ...text) }), [a])
  const masked = { [`${quadlets}/v.volume`]: { link: '/dev/null' } }
  t.strictSame(read({ ...bound('Volume=v.volume:/v'), ...masked }), [a])
  const dangling = { [`${quadlets}/v.volume`]: { link: '/nowhere' } }
  t.strictSame(read({ ...bound('Volume=v.volume:/v'), ...dangling }), [a])
  t.end()
})

t.test('volumes that cannot be bound', t => {
  const broken = quadlet('v.volume', '[Volume]', 'Driver=image', 'Image=%H')
  const inFile = `${links}/a.container (/${quadlets}/v.volume), line 3, Image=: specifier %H`
  t.match(read({ ...bound('Volume=v.volume:/v'), ...broken }), [a, inFile])
  const many = Array.from({ length: 101 }, (_, index) => `Volume=v${index}.volume:/v`)
  t.match(read(bound(...many)), [a, /, Volume=: more than 100 \.volume files; use fewer$/])
  t.end()
})

t.test('a link to a volume', t => {
  t.strictSame(read({ ...volume, ...linkTo('v.volume') }), ['quay.io/x/v:1'])
  const plain = quadlet('v.volume', '[Volume]', 'Device=/dev/sda')
  t.match(read({ ...plain, ...linkTo('v.volume') }), [
    /, Driver=: a volume without Driver=image has no image; remove the link$/,
  ])
  t.end()
})

t.test('pods', t => {
  const files = {
    ...quadlet(
      'p.pod',
      '[Pod]',
      'Volume=v.volume:/v',
      'PublishPort=%i:80',
      'PodmanArgs=--infra-image=quay.io/x/infra:1',
    ),
    ...volume,
    ...container('a.container', 'Pod="p.pod"'),
    ...container('t@.container', 'Pod=p.pod'),
    ...quadlet('b.container', '[Container]', 'Image=quay.io/x/b:1', 'Pod=p.pod'),
    ...quadlet('c.container', '[Container]', 'Image=quay.io/x/c:1', 'Pod=q.pod'),
    ...quadlet('d.container', '[Container]', 'Image=d.build', 'Pod=p.pod'),
    ...quadlet('e.kube', '[Kube]', 'Yaml=e.yaml'),
  }
  const infra = 'quay.io/x/infra:1'
  t.strictSame(read({ ...files, ...linkTo('a.container') }), [a, infra, 'quay.io/x/v:1'])
  const again = { [`${links}/z.pod`]: { link: `/${quadlets}/p.pod` } }
  t.strictSame(
    read({ ...files, ...linkTo('p.pod'), ...again }),
    read({ ...files, ...linkTo('p.pod') }),
  )
  t.strictSame(
    new Set(read({ ...files, ...linkTo('p.pod') })),
    new Set([a, 'quay.io/x/b:1', 'quay.io/x/infra:1', 'quay.io/x/v:1']),
  )
  t.match(read({ ...quadlet('p.pod', '[Pod]'), ...linkTo('p.pod') }), [
    /p\.pod\): no \.container file that can start has Pod=p\.pod; remove the link$/,
  ])
  t.strictSame(read(bound('Pod=gone.pod')), [a])
  const renamed = ['[Pod]', 'ServiceName=shop', 'PodmanArgs=--infra-image=quay.io/x/%N:1'] as const
  t.strictSame(read({ ...bound('Pod=r.pod'), ...quadlet('r.pod', ...renamed) }), [
    a,
    'quay.io/x/shop:1',
  ])
  t.match(read({ ...bound('Pod=r.pod'), ...quadlet('r.pod', '[Pod]', 'ServiceName=a/b') }), [
    a,
    /r\.pod\), line 2, ServiceName=: a\/b is not the name of a unit; use letters and digits$/,
  ])
  const templates = {
    ...quadlet('t@.pod', '[Pod]', 'PodmanArgs=--infra-image=quay.io/x/%i:1'),
    ...quadlet('t@.volume', '[Volume]', 'Driver=image', 'Image=quay.io/x/%i:1'),
  }
  t.strictSame(read({ ...bound('Pod=t@.pod', 'Volume=t@.volume:/t'), ...templates }), [a])
  t.end()
})

const imageFaults = (...lines: readonly string[]) =>
  read({ ...quadlet('a.image', ...lines), ...linkTo('a.image') })

t.test('thousands of faults are cut where they are found', t => {
  const lines = Array.from({ length: 5000 }, (_, index) => `Key${index}=1`)
  const file = quadlet('a.image', '[Image]', ...lines)
  const reader = new SpecReader(new DeploymentFiles(makeTree(t, file)), options)
  const path = `/${quadlets}/a.image`
  const { faults } = reader.readQuadlet({ kind: 'image', name: 'a.image', path })
  t.equal(faults.length, 1000)
  t.end()
})

t.test('mistakes in names', t => {
  t.match(imageFaults('[image]', 'Image=quay.io/x/a:1'), [
    /a\.image\): there is no \[Image\], but \[image\]; write \[Image\]$/,
  ])
  t.match(imageFaults('[Unit]', 'After=a.service'), [/, Image=: no Image= in \[Image\]; name/])
  t.match(imageFaults('[Image]', 'Image=quay.io/x/a:1', 'Authfile=/x'), [
    /, line 3, Authfile=: unknown key in \[Image\]; did you mean AuthFile=\?; Quadlet would/,
  ])
  t.match(imageFaults('[Image]', 'Image=quay.io/x/a:1', '[Quadlet]', 'Fancy=1'), [
    /, line 4, Fancy=: unknown key in \[Quadlet\]; remove it; Quadlet would/,
  ])
  const junk = Array.from({ length: 20 }, (_, index) => `Fancy${index}=1`)
  t.strictSame(read(bound(...junk)), [a])
  t.match(read(bound(...junk, 'Iamge=x')), [/, line 23, Iamge=: unknown key/])
  t.strictSame(read(bound('Fancy=1', '[Quadlet]', 'Fancy=1')), [a], 'a newer podman may know it')
  t.match(imageFaults('[Image]', 'Image=quay.io/x/a:1', 'Colour=red'), [
    /, Colour=: .*; remove it; Quadlet/,
  ])
  t.end()
})

t.test('everything that Quadlet starts', t => {
  const all = { [`${links}/all.toml`]: 'all = true\n' }
  const files = {
    ...container('a.container', 'Volume=v.volume:/v'),
    ...volume,
    ...quadlet('b.container', '[Container]', 'Image=b.image'),
    ...quadlet('b.image', '[Image]', 'Image=quay.io/x/b:1'),
    ...quadlet('unused.image', '[Image]', 'Image=quay.io/x/unused:1'),
    ...quadlet('c.kube', '[Kube]', 'Yaml=c.yaml'),
    [`${quadlets}/c.yaml`]: 'spec: {containers: [{image: quay.io/x/c:1}, {image: localhost/c:1}]}',
    ...quadlet('built.container', '[Container]', 'Image=x.build', 'Volume=v.volume:/v'),
    ...quadlet('local.container', '[Container]', 'Image="localhost/x:1"'),
    ...quadlet('tree.container', '[Container]', 'Rootfs=/srv'),
    ...container('template@.container'),
    ...quadlet('template@one.container', '[Container]', 'Image=quay.io/x/%i:1'),
    [`${quadlets}/masked.container`]: { link: '/dev/null' },
    ...quadlet(
      'default@.container',
      '[Container]',
      'Image=quay.io/x/%i:1',
      '[Install]',
      'DefaultInstance=two',
    ),
    ...quadlet('odd@.container', '[Container]', 'Image=%H', '[Install]', 'DefaultInstance=%p'),
    ...quadlet('maps.kube', '[Kube]', 'Yaml=maps.yaml'),
    [`${quadlets}/maps.yaml`]: 'kind: ConfigMap',
    ...container('mounts.container', 'Mount=type=image,source=local.image'),
    ...quadlet('local.image', '[Image]', 'Image=localhost/x:1'),
    ...quadlet('own.container', '[Container]', 'Image=local.image'),
  }
  const images = ['a', 'b', 'c', 'one', 'two', 'v'].map(name => `quay.io/x/${name}:1`)
  t.strictSame([...new Set(read({ ...all, ...files }))].toSorted(), images)
  const twice = { ...all, ...files, [`${links}/z.toml`]: 'all = true\n' }
  t.strictSame(read(twice), read({ ...all, ...files }), 'read once')
  t.strictSame(
    read({ ...files, ...linkTo('own.container') }),
    ['localhost/x:1'],
    'somebody asks for it',
  )
  const more = { [`${links}/all.toml`]: 'all = true\nimages = ["quay.io/x/z:1"]\n' }
  t.strictSame(read(more), ['quay.io/x/z:1'])
  t.strictSame(read(all), [])
  t.match(read({ ...all, ...container('a.container', 'Exce=1') }), [
    `${links}/all.toml (/${quadlets}/a.container), line 3, Exce=: unknown key`,
  ])
  const dangling = { [`${quadlets}/a.container`]: { link: '/nowhere' } }
  t.match(read({ ...all, ...dangling }), [`${links}/all.toml (/${quadlets}/a.container): `])
  t.end()
})

const faults = (text: string) => read({ [`${links}/all.toml`]: text })

/** Kubernetes YAML with many images. */
const yaml = (name: string) =>
  `spec: {containers: [${Array.from({ length: 5000 }, (_, n) => `{image: quay.io/${name}/${n}}`).join(', ')}]}`

t.test('no more images than any host has', t => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const kubes = names.map(name => quadlet(`${name}.kube`, '[Kube]', `Yaml=${name}.yaml`))
  const files = Object.fromEntries(names.map(name => [`${quadlets}/${name}.yaml`, yaml(name)]))
  const all = { [`${links}/all.toml`]: 'all = true\n' }
  t.match(read({ ...all, ...files, ...Object.assign({}, ...kubes) }), [
    /all\.toml: too many images: this spec has 25000, and the maximum for all specs is 20000/,
  ])
  t.end()
})

t.test('mistakes with all', t => {
  t.match(faults('all = 1'), [/, all=: not true; write all = true, or remove it$/, /images=/])
  t.match(faults('all = true\nauthfile = "/etc/a.json"'), [
    /, authfile=: only the images of images= are pulled with it; write AuthFile= into \.image files/,
  ])
  t.match(faults('all = true\nimages = 5'), [/, images=: images must be/])
  t.end()
})
