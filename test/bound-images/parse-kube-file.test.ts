import t from 'tap'
import { imagesOfPods, parseKubeFile } from '../../lib/bound-images/parse-kube-file.ts'
import { parseUnitFile } from '../../lib/quadlet/unit-file.ts'
import type { Tree } from '../make-tree.ts'
import { makeContext } from './make-context.ts'

const quadlets = 'usr/share/containers/systemd'
const pod = (...images: readonly string[]) =>
  JSON.stringify({ kind: 'Pod', spec: { containers: images.map(image => ({ image })) } })

/** What a `.kube` file asks for when its section has these lines. */
function parse(text: string, tree: Tree = { [`${quadlets}/pod.yaml`]: pod('quay.io/a:1') }) {
  const context = makeContext(t, tree)
  const { boundImages, faults } = parseKubeFile(parseUnitFile(`[Kube]\n${text}`).unitFile, context)
  const words = boundImages.map(({ globalOptions, options }) =>
    [...globalOptions, ...options].flatMap(each =>
      each.words.map(word => word.replaceAll(context.root, '')),
    ),
  )
  return { images: boundImages.map(({ image }) => image), boundImages, words, faults }
}

t.test('the images of a Kubernetes YAML', t => {
  const spec = 'containers: [{image: a}]'
  const cases: readonly [what: string, yaml: string, images: readonly string[]][] = [
    ['a pod', `kind: Pod\nspec: {${spec}}`, ['a']],
    [
      'several containers',
      'spec: {containers: [{image: a}, {name: x}, {image: b}, {image: a}]}',
      ['a', 'b'],
    ],
    ['init containers', `spec: {initContainers: [{image: i}], ${spec}}`, ['i', 'a']],
    [
      'image volumes',
      `spec: {${spec}, volumes: [{emptyDir: {}}, {image: {reference: v}}]}`,
      ['a', 'v'],
    ],
    [
      'claimed volumes',
      `${[
        ['image', 'quay.io/x/a:1'],
        ['image', 'localhost/a:1'],
        ['image', 'short'],
        ['local', 'quay.io/x/b:1'],
      ]
        .map(
          ([driver, image]) =>
            `kind: PersistentVolumeClaim\nmetadata: {annotations: {volume.podman.io/driver: ${driver}, volume.podman.io/image: "${image}"}}`,
        )
        .join('\n---\n')}\n---\nkind: PersistentVolumeClaim\nmetadata: x`,
      ['quay.io/x/a:1'],
    ],
    ['beside a secret', `kind: Secret\ndata: {a: !!binary aGk=}\n---\nspec: {${spec}}`, ['a']],
    ['a deployment', `kind: Deployment\nspec: {template: {spec: {${spec}}}}`, ['a']],
    [
      'a cron job',
      `kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {${spec}}}}}}`,
      ['a'],
    ],
    [
      'a list',
      `kind: List\nitems: [{spec: {${spec}}}, {spec: {containers: [{image: b}]}}]`,
      ['a', 'b'],
    ],
    [
      'several documents',
      `---\nspec: {${spec}}\n---\n# nothing\n---\nspec: {containers: [{image: b}]}\n...\n`,
      ['a', 'b'],
    ],
    ['JSON', pod('a'), ['a']],
    ['anchors', 'x: &c {image: a}\nspec: {containers: [*c]}', ['a']],
    [
      'a list that stands for several things',
      'items: &l [{spec: {volumes: &c [{image: a}]}}, {spec: {containers: *c, items: *l}}, {spec: {initContainers: *c}}]',
      ['a'],
    ],
    ['merge keys', 'x: &c {image: a}\nspec: {containers: [{<<: *c, name: y}]}', ['a']],
    [
      'block style',
      'spec:\n  containers:\n    - name: x\n      image: "a"\n    - image: b # c\n',
      ['a', 'b'],
    ],
    ['other resources', 'kind: ConfigMap\ndata: {image: a, containers: x}', []],
    ['other types', 'spec: {containers: [{image: null}, {image: ""}, x, null], volumes: x}', []],
    [
      'keys elsewhere',
      `Kind: Pod\nImage: x\ndata: {Image: x}\nspec: {${spec}, Reference: x}`,
      ['a'],
    ],
    ['a text', 'x', []],
    ['nothing', '', []],
  ]
  for (const [what, yaml, images] of cases) t.strictSame(imagesOfPods(yaml), images, what)
  t.end()
})

const container = (text: string) => `spec: {containers: [{image: a}, ${text}]}`

t.test('what podman would read differently', t => {
  const odd: readonly [yaml: string, found: string, key: string][] = [
    [container('{name: x, Image: b}'), 'Image', 'image'],
    [container('{image: b, IMAGE: c}'), 'IMAGE', 'image'],
    ['Items: [{spec: {containers: [{image: a}]}}]', 'Items', 'items'],
    ['Spec: {containers: [{image: a}]}', 'Spec', 'spec'],
    ['\u017fpec: {containers: [{image: a}]}', '\u017fpec', 'spec'],
    ['spec: {Template: {spec: {}}}', 'Template', 'template'],
    ['spec: {template: {Spec: {}}}', 'Spec', 'spec'],
    ['spec: {jobtemplate: {spec: {}}}', 'jobtemplate', 'jobTemplate'],
    ['spec: {Containers: [{image: a}]}', 'Containers', 'containers'],
    ['spec: {initcontainers: [{image: a}]}', 'initcontainers', 'initContainers'],
    ['spec: {Volumes: []}', 'Volumes', 'volumes'],
    ['spec: {volumes: [{Image: {reference: v}}]}', 'Image', 'image'],
    ['spec: {volumes: [{image: {Reference: v}}]}', 'Reference', 'reference'],
  ]
  for (const [yaml, found, key] of odd) {
    const expected = {
      message: `podman reads the key ${found} as ${key}, Kubernetes does not`,
      remedy: `write ${key}`,
    }
    t.throws(() => imagesOfPods(yaml), expected, yaml)
  }
  const types: readonly [yaml: string, type: string][] = [
    [container('{image: 5}'), 'number'],
    [container('{image: true}'), 'boolean'],
    [container('{image: [b]}'), 'object'],
    ['spec: {volumes: [{image: {reference: 1.5}}]}', 'number'],
  ]
  for (const [yaml, type] of types)
    t.throws(
      () => imagesOfPods(yaml),
      {
        message: `the image is of type ${type}, not string`,
        remedy: 'put its name in quotes',
      },
      yaml,
    )
  t.match(parse('Yaml=/etc/pod.yaml', { 'etc/pod.yaml': odd[0]?.[0] ?? '' }), {
    images: [],
    faults: [
      {
        line: 2,
        key: 'Yaml',
        reason: '/etc/pod.yaml: podman reads the key Image as image, Kubernetes does not',
        remedy: 'write image',
      },
    ],
  })
  t.end()
})

const reasonOf = (yaml: string) =>
  parse('Yaml=/etc/pod.yaml', { 'etc/pod.yaml': yaml }).faults.map(({ reason }) => reason)

t.test('a YAML that is broken, with its line', t => {
  t.match(reasonOf('spec:\n  containers: [\n'), [/^\/etc\/pod\.yaml: [^\n]* at line 3$/])
  t.match(reasonOf('a: b\n---\na: 1\n b: 2\n'), [/ at line 4$/])
  t.match(reasonOf('spec: *nothing'), [/nothing.* at line 1$/])
  t.end()
})

t.test('a hostile text ends before the time limit of a test', t => {
  const lines = Array.from({ length: 30 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1}, `.repeat(9)}]`)
  const bomb = ['a: &a-1 {spec: {}}', ...lines, 'items: *a29'].join('\n')
  t.strictSame(imagesOfPods(bomb), [])
  t.strictSame(imagesOfPods('&a {items: [*a, *a]}'), [])
  const large = Array.from({ length: 40_000 }, (_, n) => `k${n}: 1`).join(', ')
  t.strictSame(imagesOfPods(`a: &a {${large}}\nitems: [${'*a, '.repeat(100_000)}]`), [])
  for (const deep of ['[', '{a: ', '- ', '? '])
    t.throws(() => imagesOfPods(deep.repeat(100_000)), { message: /maxDepth/ })
  t.throws(() => imagesOfPods('"'.repeat(100_000)))
  t.throws(() => imagesOfPods(`[${','.repeat(100_000)}]`))
  t.strictSame(imagesOfPods(Array.from({ length: 10_000 }, (_, n) => `k${n}: 1\n`).join('')), [])
  t.end()
})

t.test('where the YAML is', t => {
  const cases: readonly [value: string, path: string][] = [
    ['pod.yaml', `${quadlets}/pod.yaml`],
    ['./sub/../pod.yaml', `${quadlets}/pod.yaml`],
    ['/etc/pod.yaml', 'etc/pod.yaml'],
    ['%E/pod.yaml', 'etc/pod.yaml'],
    ['"/etc/my pod.yaml"', 'etc/my pod.yaml'],
  ]
  for (const [value, path] of cases)
    t.match(
      parse(`Yaml=${value}`, { [path]: pod('quay.io/a:1'), [`${quadlets}/sub/`]: '' }),
      { images: ['quay.io/a:1'], faults: [] },
      value,
    )
  const two = { 'etc/a.yaml': pod('quay.io/a:1'), 'etc/b.yaml': pod('quay.io/b:1') }
  for (const text of ['Yaml=/etc/a.yaml /etc/b.yaml', 'Yaml=/etc/a.yaml\nYaml=/etc/b.yaml'])
    t.strictSame(parse(text, two).images, ['quay.io/a:1', 'quay.io/b:1'], text)
  t.end()
})

t.test('the options that concern the pull', t => {
  const { words, faults } = parse(
    'Yaml=/etc/pod.yaml\nPublishPort=80:%i\nContainersConfModule=a.conf\nPodmanArgs=--tls-verify=false --annotation a=%H\nPodmanArgs=--creds me:hunter2',
    {
      'etc/pod.yaml': pod('quay.io/a:1', 'docker.io/b:1'),
      'usr/share/containers/containers.conf.modules/a.conf': '',
    },
  )
  t.strictSame(faults, [])
  const [first, second] = words
  for (const each of [first, second])
    t.match(each, [
      '--module=/usr/share/containers/containers.conf.modules/a.conf',
      '--tls-verify=false',
      '--authfile',
      /^\/secrets\/\w+\.creds\.json$/,
    ])
  t.not(first?.at(-1), second?.at(-1), 'each registry has its own secret')
  t.notMatch(words.flat().join(), /hunter/)
  t.end()
})

const firstOptions = (text: string) =>
  parse(`Yaml=/etc/pod.yaml\nPodmanArgs=${text}`, {
    'etc/pod.yaml': pod('quay.io/a:1', 'docker.io/b:1', 'quay.io/c:1'),
  }).boundImages.map(each => each.options[0])

t.test('images share what is read of the options, but for a password of each registry', t => {
  const [first, ...others] = firstOptions('--retry 1')
  t.match(first, { words: ['--retry', '1'] })
  for (const other of others) t.equal(other, first)
  for (const text of ['--creds=me:hunter2', '--creds me:hunter2']) {
    const [quay, docker, again] = firstOptions(text)
    t.match(quay?.files, [{ contents: /quay\.io/ }])
    t.match(docker?.files, [{ contents: /docker\.io/ }])
    t.equal(again, quay)
  }
  t.end()
})

t.test('more images than any host has', t => {
  const images = Array.from({ length: 5000 }, (_, n) => `a.b/${n}`)
  const { boundImages, faults } = parse('Yaml=/etc/a.yaml /etc/b.yaml', {
    'etc/a.yaml': pod('quay.io/a:1'),
    'etc/b.yaml': pod(...images),
  })
  t.equal(boundImages.length, 0)
  t.match(faults, [
    {
      line: 2,
      key: 'Yaml',
      reason: '/etc/b.yaml: more than 5000 images, the maximum for one file',
      remedy: 'bind fewer',
    },
  ])
  t.end()
})

t.test('what is refused, with line, key and reason', t => {
  const cases: readonly [text: string, line: number | undefined, key: string, reason: RegExp][] = [
    ['', undefined, 'Yaml', /no Yaml= in \[Kube\]/],
    ['Yaml=', 2, 'Yaml', /no Yaml=/],
    ['Yaml=nothing.yaml', 2, 'Yaml', /^nothing\.yaml: .*nothing\.yaml does not exist/],
    ['Yaml="pod.yaml', 2, 'Yaml', /unterminated "/],
    ['Yaml=%b.yaml', 2, 'Yaml', /specifier %b/],
    ['Yaml=pod.yaml\nImage=quay.io/a', 3, 'Image', /unknown key in \[Kube\]/],
    ['Yaml=pod.yaml\nContainersConfModule=x', 3, 'ContainersConfModule', /no module/],
    ['Yaml=pod.yaml\nPodmanArgs=--retry many', 3, 'PodmanArgs', /not a number/],
  ]
  for (const [text, line, key, reason] of cases) {
    const { images, faults } = parse(text)
    t.strictSame(images, [], text)
    t.match(faults, [{ line, key, reason }], text)
    t.equal(faults.length, 1, text)
  }
  t.end()
})

const broken = (yaml: string) => parse('Yaml=/etc/pod.yaml', { 'etc/pod.yaml': yaml })

t.test('what is wrong in the YAML', t => {
  t.match(broken('kind: ConfigMap').faults, [{ line: 2, key: 'Yaml', reason: /contains no image/ }])
  t.match(broken('a: [').faults, [{ line: 2, key: 'Yaml', reason: /^\/etc\/pod\.yaml: .* line 1/ }])
  const { images, faults } = broken(pod('A', 'quay.io/a:1', 'short'))
  t.strictSame(images, ['quay.io/a:1'], 'the others are read')
  t.match(faults, [
    { line: 2, reason: '/etc/pod.yaml: image A: not an image reference', remedy: /write registry/ },
    { line: 2, reason: /image short: .* short name/ },
  ])
  t.match(broken(`#${' '.repeat(1024 * 1024)}`).faults, [{ reason: /the maximum is 1048576/ }])
  t.end()
})

t.test('a configuration of registries that cannot be read', t => {
  const { faults } = parse('Yaml=/etc/pod.yaml', {
    'etc/pod.yaml': pod('short'),
    'etc/containers/registries.conf': '[',
  })
  t.match(faults, [
    { reason: /image short: \/etc\/containers\/registries\.conf/, remedy: 'correct the file' },
  ])
  t.end()
})
