import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeProblem } from '../../lib/spec/fault.ts'
import { readBoundImages } from '../../lib/spec/read-bound-images.ts'

const links = 'usr/lib/bootc/bound-images.d'
const quadlets = 'usr/share/containers/systemd'

/** A root with Quadlet files and with links, name -> target, in bound-images.d. */
function makeRoot(
  t: Tap,
  files: Readonly<Record<string, string>>,
  targets: Readonly<Record<string, string>>,
): string {
  const root = t.testdir({ usr: { lib: { bootc: { 'bound-images.d': {} } } } })
  mkdirSync(join(root, quadlets), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, quadlets, name), text)
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, join(root, links, name))
  return root
}

type Tap = Pick<typeof t, 'testdir'>

const image = (name: string) => `[Image]\nImage=quay.io/x/${name}\n`

t.test('no directory, empty directory', t => {
  t.strictSame(readBoundImages(t.testdir({})), { specs: [], problems: [] })
  t.strictSame(readBoundImages(makeRoot(t, {}, {})), { specs: [], problems: [] })
  t.end()
})

t.test('links of every sane kind, sorted by name', t => {
  const root = makeRoot(
    t,
    {
      'a.image': image('a'),
      'b.image': image('b'),
      'c.container': '[Container]\nImage=quay.io/x/c\n',
      'd.image': image('d'),
    },
    {
      'z.image': `/${quadlets}/a.image`,
      'b.image': '../../../share/containers/systemd/b.image',
      'c.container': `../../../../../../../../../${quadlets}/c.container`,
      'd.image': '/usr/chain',
    },
  )
  symlinkSync('../alias/./d.image', join(root, 'usr/chain'))
  symlinkSync(`/${quadlets}/`, join(root, 'alias'))
  const { specs, problems } = readBoundImages(root)
  t.strictSame(problems, [])
  t.strictSame(
    specs.map(({ entry, boundImage }) => [entry, boundImage.image]),
    [
      [`${links}/b.image`, 'quay.io/x/b'],
      [`${links}/c.container`, 'quay.io/x/c'],
      [`${links}/d.image`, 'quay.io/x/d'],
      [`${links}/z.image`, 'quay.io/x/a'],
    ],
  )
  t.end()
})

t.test('the directory of old images, the newer one first', t => {
  const root = makeRoot(
    t,
    { 'a.image': image('a'), 'b.image': image('b') },
    { 'a.image': `/${quadlets}/a.image` },
  )
  const old = join(root, 'usr/lib/bootc-experimental/bound-images.d')
  mkdirSync(old, { recursive: true })
  for (const name of ['a.image', 'b.image']) symlinkSync(`/${quadlets}/b.image`, join(old, name))
  t.strictSame(
    readBoundImages(root).specs.map(({ entry, boundImage }) => [entry, boundImage.image]),
    [
      [`${links}/a.image`, 'quay.io/x/a'],
      ['usr/lib/bootc-experimental/bound-images.d/b.image', 'quay.io/x/b'],
    ],
  )
  t.end()
})

t.test('bound-images.d is itself a link', t => {
  const root = makeRoot(t, { 'a.image': image('a') }, { 'a.image': `/${quadlets}/a.image` })
  renameSync(join(root, links), join(root, 'usr/elsewhere'))
  symlinkSync('/usr/elsewhere', join(root, links))
  t.match(readBoundImages(root), {
    specs: [{ boundImage: { image: 'quay.io/x/a' } }],
    problems: [],
  })
  t.end()
})

t.test('every broken entry is named with its reason, and the good one is read', t => {
  const root = makeRoot(
    t,
    {
      'good.image': image('good'),
      'bad.image': '[Image]\nImage=a b\nTLSVerify=ja\n',
      'garbled.image': 'Image=quay.io/x/y\n[Image\n',
      'latin1.image': '',
      'huge.image': `# ${'x'.repeat(64 * 1024)}\n`,
    },
    {
      'good.image': `/${quadlets}/good.image`,
      'bad.image': `/${quadlets}/bad.image`,
      'dangling.image': '/nowhere/x.image',
      'device.image': '/dev/zero',
      'directory.image': `/${quadlets}`,
      'escape.image': '../../../../../../../../../../../../etc/hostname',
      'fifo.image': '/usr/fifo',
      'garbled.image': `/${quadlets}/garbled.image`,
      'huge.image': `/${quadlets}/huge.image`,
      'latin1.image': `/${quadlets}/latin1.image`,
      'loop.image': 'loop2.image',
      'loop2.image': 'loop.image',
      'line\nbreak.image': '/nowhere',
      'through.image': `/${quadlets}/good.image/x.image`,
      'wrong.conf': `/${quadlets}/good.image`,
      noextension: `/${quadlets}/good.image`,
    },
  )
  writeFileSync(join(root, quadlets, 'latin1.image'), Buffer.from('[Image]\nImage=\xe4', 'latin1'))
  writeFileSync(join(root, links, 'file.image'), image('file'))
  mkdirSync(join(root, links, 'subdirectory.image'))
  execFileSync('mkfifo', [join(root, 'usr/fifo')])
  mkdirSync(join(root, 'dev'))
  execFileSync('mknod', [join(root, 'dev/zero'), 'c', '1', '5'])
  symlinkSync(
    `/${quadlets}/good.image`,
    Buffer.concat([
      Buffer.from(join(root, links, 'caf')),
      Buffer.from([0xe9]),
      Buffer.from('.image'),
    ]),
  )
  const { specs, problems } = readBoundImages(root)
  t.strictSame(
    specs.map(({ entry }) => entry),
    [`${links}/good.image`],
  )
  const expected = readFileSync(new URL('broken-entries.txt', import.meta.url), 'utf8')
  t.equal(`${problems.flatMap(describeProblem).join('\n')}\n`, expected)
  t.end()
})

t.test('a file of nothing but faults does not flood, nor forge, the messages', t => {
  const root = makeRoot(
    t,
    {
      'flood.image': `[Image]\n${'x\n'.repeat(1000)}`,
      'escape.image': '[Image]\nImage=a\n\u001b[2Jfine=x\n',
    },
    { 'escape.image': `/${quadlets}/escape.image`, 'flood.image': `/${quadlets}/flood.image` },
  )
  const [escape = '', ...flood] = readBoundImages(root).problems.flatMap(describeProblem)
  t.match(escape, /line 3, \\x1b\[2Jfine=/)
  t.equal(flood.length, 21)
  t.match(flood.at(-1), /980 more faults/)
  t.end()
})

t.test('a directory that cannot be one', t => {
  const root = t.testdir({ usr: { lib: { bootc: { 'bound-images.d': 'a file' } } } })
  t.match(readBoundImages(root), { specs: [], problems: [{ entry: links, faults: [{}] }] })
  const dangling = t.testdir({ usr: { lib: { bootc: {} } } })
  symlinkSync('/nowhere', join(dangling, links))
  t.match(readBoundImages(dangling).problems, [{ entry: links, faults: [{ reason: /not exist/ }] }])
  const noParent = t.testdir({ usr: { lib: {} } })
  symlinkSync('/nowhere', join(noParent, 'usr/lib/bootc'))
  t.strictSame(readBoundImages(noParent), { specs: [], problems: [] }, 'as bootc has it')
  t.end()
})

t.test('a flood of entries is refused as a whole', t => {
  const root = makeRoot(
    t,
    {},
    Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`${index}.image`, '/x'])),
  )
  t.match(readBoundImages(root).problems, [{ entry: links, faults: [{ reason: /1001 entries/ }] }])
  t.end()
})
