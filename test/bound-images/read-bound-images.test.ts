import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { describeProblem } from '../../lib/text/fault.ts'
import { readBoundImages } from '../../lib/bound-images/read-bound-images.ts'
import { makeTree } from '../make-tree.ts'

const links = 'usr/lib/bootc/bound-images.d'
const quadlets = 'usr/share/containers/systemd'

const read = (root: string) =>
  readBoundImages(new DeploymentFiles(root), { secrets: '/run/x', machineId: undefined })
const imagesOf = (root: string) => {
  const { specs, problems } = read(root)
  return {
    images: specs.map(({ entry, boundImage }) => [entry, boundImage.image]),
    problems: problems.flatMap(describeProblem),
  }
}
const image = (name: string) => `[Image]\nImage=quay.io/x/${name}:1\n`
const linkTo = (path: string) => ({ link: path })

t.test('nothing is bound', t => {
  for (const tree of [{}, { [`${links}/`]: '' }])
    t.strictSame(read(makeTree(t, tree)), { specs: [], problems: [] })
  t.end()
})

t.test('entries of every kind, sorted by name', t => {
  const root = makeTree(t, {
    [`${quadlets}/a.image`]: image('a'),
    [`${quadlets}/b.image`]: image('b'),
    [`${quadlets}/c.container`]: '[Container]\nImage=quay.io/x/c:1\n',
    [`${quadlets}/d.image`]: image('d'),
    [`${quadlets}/e.kube`]: '[Kube]\nYaml=e.yaml\n',
    [`${quadlets}/e.yaml`]: 'spec: {containers: [{image: quay.io/x/e:1}, {image: quay.io/x/f:1}]}',
    'usr/chain': linkTo('../alias/./d.image'),
    alias: linkTo(`/${quadlets}/`),
    [`${links}/z.image`]: linkTo(`/${quadlets}/a.image`),
    [`${links}/b.image`]: linkTo('../../../share/containers/systemd/b.image'),
    [`${links}/c.container`]: linkTo(`../../../../../../../../../${quadlets}/c.container`),
    [`${links}/d.image`]: linkTo('/usr/chain'),
    [`${links}/e.kube`]: linkTo(`/${quadlets}/e.kube`),
    [`${links}/g.toml`]: 'images = ["quay.io/x/g:1"]',
    [`${links}/h.image`]: image('h'),
  })
  t.strictSame(imagesOf(root), {
    images: [
      [`${links}/b.image`, 'quay.io/x/b:1'],
      [`${links}/c.container`, 'quay.io/x/c:1'],
      [`${links}/d.image`, 'quay.io/x/d:1'],
      [`${links}/e.kube`, 'quay.io/x/e:1'],
      [`${links}/e.kube`, 'quay.io/x/f:1'],
      [`${links}/g.toml`, 'quay.io/x/g:1'],
      [`${links}/h.image`, 'quay.io/x/h:1'],
      [`${links}/z.image`, 'quay.io/x/a:1'],
    ],
    problems: [],
  })
  t.end()
})

t.test('what is hidden from Quadlet needs no image', t => {
  const masks = { empty: '', linked: linkTo('/dev/null') }
  for (const [what, mask] of Object.entries(masks)) {
    const root = makeTree(t, {
      [`${quadlets}/a.image`]: image('a'),
      'etc/containers/systemd/a.image': mask,
      [`${links}/a.image`]: linkTo(`/${quadlets}/a.image`),
    })
    t.strictSame(read(root), { specs: [], problems: [] }, what)
  }
  t.end()
})

t.test('every broken entry is named with its reason, and the good one is read', t => {
  const root = makeTree(t, {
    [`${quadlets}/good.image`]: image('good'),
    [`${quadlets}/bad.image`]: '[Image]\nImage=a b\nTLSVerify=ja\n',
    [`${quadlets}/garbled.image`]: 'Image=quay.io/x/y\n[Image\n',
    [`${quadlets}/huge.image`]: `# ${'x'.repeat(64 * 1024)}\n`,
    [`${quadlets}/template@.image`]: image('%i'),
    [`${quadlets}/web.container`]: '[Container]\nImage=bad.image\n',
    [`${quadlets}/bad.container`]: '[Container]\nRootfs=/x\n',
    [`${quadlets}/quadlet.image`]: `${image('a')}[Quadlet]\nDefaultDependancies=1\n`,
    [`${quadlets}/service.image`]: `${image('a')}ServiceName=../x\n`,
    [`${quadlets}/good.container`]:
      '[Container]\nImage=good.image\n[Quadlet]\nDefaultDependancies=1\n',
    [`${links}/good.image`]: linkTo(`/${quadlets}/good.image`),
    [`${links}/bad.image`]: linkTo(`/${quadlets}/bad.image`),
    [`${links}/bad.container`]: linkTo(`/${quadlets}/bad.container`),
    [`${links}/bad.toml`]: 'images = ["quay.io/x/y:1",\nimages',
    [`${links}/dangling.image`]: linkTo('/nowhere/x.image'),
    [`${links}/device.image`]: linkTo('/dev/zero'),
    [`${links}/directory.image`]: linkTo(`/${quadlets}`),
    [`${links}/escape.image`]: linkTo('../../../../../../../../../../../../etc/hostname'),
    [`${links}/fifo.image`]: linkTo('/usr/fifo'),
    [`${links}/garbled.image`]: linkTo(`/${quadlets}/garbled.image`),
    [`${links}/good.container`]: linkTo(`/${quadlets}/good.container`),
    [`${links}/huge.image`]: linkTo(`/${quadlets}/huge.image`),
    [`${links}/latin1.image`]: linkTo(`/${quadlets}/latin1.image`),
    [`${links}/line\nbreak.image`]: linkTo('/nowhere'),
    [`${links}/loop.image`]: linkTo('loop2.image'),
    [`${links}/loop2.image`]: linkTo('loop.image'),
    [`${links}/noextension`]: linkTo(`/${quadlets}/good.image`),
    [`${links}/quadlet.image`]: linkTo(`/${quadlets}/quadlet.image`),
    [`${links}/service.image`]: linkTo(`/${quadlets}/service.image`),
    [`${links}/subdirectory.image/`]: '',
    [`${links}/template.image`]: linkTo(`/${quadlets}/template@.image`),
    [`${links}/through.image`]: linkTo(`/${quadlets}/good.image/x.image`),
    [`${links}/web.container`]: linkTo(`/${quadlets}/web.container`),
    [`${links}/wrong.conf`]: linkTo(`/${quadlets}/good.image`),
    [`${links}/wrong.kube`]: linkTo(`/${quadlets}/good.image`),
    'dev/': '',
  })
  writeFileSync(join(root, quadlets, 'latin1.image'), Buffer.from('[Image]\nImage=\xe4', 'latin1'))
  execFileSync('mkfifo', [join(root, 'usr/fifo')])
  execFileSync('mknod', [join(root, 'dev/zero'), 'c', '1', '5'])
  symlinkSync(
    `/${quadlets}/good.image`,
    Buffer.concat([
      Buffer.from(join(root, links, 'caf')),
      Buffer.from([0xe9]),
      Buffer.from('.image'),
    ]),
  )
  const { images, problems } = imagesOf(root)
  t.strictSame(images, [[`${links}/good.image`, 'quay.io/x/good:1']])
  const expected = new URL('broken-entries.txt', import.meta.url)
  const found = `${problems.join('\n')}\n`
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expected, found)
  t.equal(found, readFileSync(expected, 'utf8'))
  t.end()
})

t.test('a file of nothing but faults does not flood, nor forge, the messages', t => {
  const root = makeTree(t, {
    [`${links}/escape.image`]: `${image('a')}\u001b[2Jfine=x\n`,
    [`${links}/flood.image`]: `[Image]\n${'x\n'.repeat(1000)}`,
  })
  const [escape = '', ...flood] = imagesOf(root).problems
  t.match(escape, /line 3, \\x1b\[2Jfine=/)
  t.equal(flood.length, 21)
  t.match(flood.at(-1), /980 more faults/)
  t.end()
})

t.test('a spec that names a template and its instances', t => {
  const root = makeTree(t, {
    [`${quadlets}/db@.image`]: image('db-%i'),
    [`${links}/db@one.image`]: linkTo(`/${quadlets}/db@.image`),
    [`${links}/db@two.image`]: linkTo(`/${quadlets}/db@.image`),
  })
  t.strictSame(
    imagesOf(root).images.map(([, each]) => each),
    ['quay.io/x/db-one-image:1', 'quay.io/x/db-two-image:1'],
    'as systemd sees the instance of db@one-image.service',
  )
  t.end()
})

t.test('a container gets its image from another file, with its drop-ins', t => {
  const root = makeTree(t, {
    [`${quadlets}/web.container`]: '[Container]\nImage=base.image\n',
    [`${quadlets}/base.image`]: image('base'),
    'etc/containers/systemd/base.image.d/10-arch.conf': '[Image]\nArch=arm64\n',
    [`${links}/web.container`]: linkTo(`/${quadlets}/web.container`),
  })
  t.match(read(root), {
    specs: [{ boundImage: { image: 'quay.io/x/base:1', options: [{ flag: '--arch' }] } }],
    problems: [],
  })
  t.end()
})

t.test('a masked file whose drop-in names the image', t => {
  const problem = `${links}/a.container (/${quadlets}/a.container): the file is empty or masked, but /${quadlets}/a.container.d/1.conf sets Image=, so it may run all the same; mask /${quadlets}/a.container.d/1.conf too, or set Image= in the file itself`
  const tree = (dropIn: string) =>
    makeTree(t, {
      [`${quadlets}/a.container`]: '',
      [`${quadlets}/a.container.d/1.conf`]: dropIn,
      [`${links}/a.container`]: linkTo(`/${quadlets}/a.container`),
    })
  t.strictSame(imagesOf(tree('[Container]\nImage=quay.io/x/a:1\n')).problems, [problem])
  t.strictSame(imagesOf(tree('[Container]\nTimezone=local\n')).problems, [])
  const kube = makeTree(t, {
    [`${quadlets}/a.kube`]: linkTo('/dev/null'),
    [`${quadlets}/kube.d/1.conf`]: '[Kube]\nYaml=a.yaml\n',
    [`${links}/a.kube`]: linkTo(`/${quadlets}/a.kube`),
  })
  t.match(imagesOf(kube).problems, [/kube\.d\/1\.conf sets Yaml=/])
  t.end()
})

t.test('specifiers whose values are odd or long', t => {
  const tree = (name: string, image: string) =>
    makeTree(t, {
      'usr/lib/os-release': `VERSION_ID="${name}"\n`,
      [`${links}/a.image`]: `[Image]\nImage=quay.io/x/a:1\nCreds=u:${image}\n`,
    })
  const at = `${links}/a.image (/${links}/a.image), line 3, Creds=: specifier %w: `
  t.strictSame(imagesOf(tree('7'.repeat(1000), '%w'.repeat(17))).problems, [
    `${at}the specifiers of this file expand to more than 16384 characters; write the values themselves, or mend os-release`,
  ])
  t.strictSame(imagesOf(tree('7\0', '%w')).problems, [
    `${at}its value holds a control character; write the value itself, or mend os-release`,
  ])
  t.strictSame(imagesOf(tree('7'.repeat(1000), '%w'.repeat(16))).problems, [])
  t.end()
})

t.test('a container whose image file is missing, masked or broken', t => {
  const container = {
    [`${quadlets}/web.container`]: '[Container]\n\nImage=base.image\n',
    [`${links}/web.container`]: linkTo(`/${quadlets}/web.container`),
  }
  const where = `${links}/web.container (/${quadlets}/web.container), line 3, Image=`
  const missing = `${where}: the new root has no Quadlet file base.image, or masks it; add it to the OS image`
  t.strictSame(imagesOf(makeTree(t, container)).problems, [missing])
  const masked = makeTree(t, { ...container, [`${quadlets}/base.image`]: linkTo('/dev/null') })
  t.strictSame(imagesOf(masked).problems, [missing])
  const broken = makeTree(t, { ...container, [`${quadlets}/base.image`]: '[Image]\n' })
  t.match(imagesOf(broken).problems, [/^\S+ \(\S+\/base\.image\), Image=: no Image=/])
  t.end()
})

t.test('[Service] of every kind of file, and of its drop-ins', t => {
  const service = '[Service]\nEnvironment=CONTAINERS_CONF=/x\n'
  const root = makeTree(t, {
    [`${quadlets}/a.image`]: `${image('a')}${service}`,
    [`${quadlets}/b.container`]: `[Container]\nImage=quay.io/x/b:1\n${service}`,
    [`${quadlets}/c.container`]: '[Container]\nImage=a.image\n',
    [`${quadlets}/d.kube`]: `[Kube]\nYaml=d.yaml\n${service}`,
    [`${quadlets}/d.yaml`]: 'spec: {containers: [{image: quay.io/x/d:1}]}',
    [`${quadlets}/e.image`]: image('e'),
    [`${quadlets}/e.image.d/1.conf`]: service,
    ...Object.fromEntries(
      ['a.image', 'b.container', 'c.container', 'd.kube', 'e.image'].map(name => [
        `${links}/${name}`,
        linkTo(`/${quadlets}/${name}`),
      ]),
    ),
  })
  const { images, problems } = imagesOf(root)
  t.strictSame(images, [])
  t.match(problems, [
    /a\.image\), line 4, Environment=: CONTAINERS_CONF changes /,
    /b\.container\), line 4, Environment=: CONTAINERS_CONF changes /,
    /c\.container \(.*a\.image\), line 4, Environment=: CONTAINERS_CONF changes /,
    /d\.kube\), line 4, Environment=: CONTAINERS_CONF changes /,
    /e\.image \(.*1\.conf\), line 2, Environment=: CONTAINERS_CONF changes /,
  ])
  t.equal(problems.length, 5)
  t.end()
})

t.test('faults in the order of the lines, those of drop-ins last', t => {
  const root = makeTree(t, {
    [`${quadlets}/a.image`]: '[Image]\nFoo=1\nArch=a b\n',
    [`${quadlets}/a.image.d/1.conf`]: '[Image]\nBar=1\n',
    [`${quadlets}/a.image.d/2.conf`]: '[Image]\nBaz=1\n',
    [`${links}/a.image`]: linkTo(`/${quadlets}/a.image`),
  })
  t.match(read(root).problems, [
    {
      faults: [
        { file: undefined, line: undefined, key: 'Image' },
        { file: undefined, line: 2, key: 'Foo' },
        { file: undefined, line: 3, key: 'Arch' },
        { file: /1\.conf$/, line: 2, key: 'Bar' },
        { file: /2\.conf$/, line: 2, key: 'Baz' },
      ],
    },
  ])
  t.end()
})

t.test('more images than any host has: those that fit are read', t => {
  const images = Array.from({ length: 19_999 }, (_, n) => `"a.b/${n}:1"`)
  const root = makeTree(t, {
    ...Object.fromEntries(
      [0, 1, 2, 3, 4].map(part => [
        `${links}/a${part}.toml`,
        `images = [${images.slice(part * 4000, (part + 1) * 4000).join(', ')}]`,
      ]),
    ),
    [`${links}/b.toml`]: 'images = ["quay.io/x/b:1", "quay.io/x/c:1"]',
    [`${links}/c.image`]: image('c'),
  })
  const { images: found, problems } = imagesOf(root)
  t.equal(found.length, 20_000)
  t.strictSame(found.at(-1), [`${links}/c.image`, 'quay.io/x/c:1'])
  t.strictSame(problems, [
    `${links}/b.toml: too many images: this spec has 2, and the maximum for all specs is 20000; bind fewer`,
  ])
  t.end()
})

const kube = (name: string) => `[Kube]\nYaml=/usr/share/${name}.yml\n`

t.test('no more Kubernetes YAML is read than any real host has', t => {
  const yaml = 'spec: {containers: [{image: quay.io/x/big:1}]}\n'
  const names = Array.from({ length: 17 }, (_, index) => `big${String(index).padStart(2, '0')}`)
  const { images, problems } = imagesOf(
    makeTree(t, {
      ...Object.fromEntries(
        names.map(name => [`usr/share/${name}.yml`, yaml.padEnd(1024 * 1024, '#')]),
      ),
      ...Object.fromEntries(names.map(name => [`${quadlets}/${name}.kube`, kube(name)])),
      ...Object.fromEntries(
        names.map(name => [`${links}/${name}.kube`, linkTo(`/${quadlets}/${name}.kube`)]),
      ),
      [`${quadlets}/small.image`]: image('small'),
      [`${links}/small.image`]: linkTo(`/${quadlets}/small.image`),
    }),
  )
  t.strictSame(images.length, 17)
  t.strictSame(images.at(-1), [`${links}/small.image`, 'quay.io/x/small:1'])
  t.match(problems, [
    `${links}/big16.kube (/${quadlets}/big16.kube), line 2, Yaml=: /usr/share/big16.yml: the Kubernetes YAML files of one root exceed 16777216 bytes; remove what is not needed`,
  ])
  t.end()
})
