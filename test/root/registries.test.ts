import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { findRegistry, readRegistries } from '../../lib/root/registries.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const read = (tree: Tree) =>
  readRegistries(new DeploymentFiles(makeTree(t, { 'usr/': '', ...tree })))
const registry = (prefix: string, ...lines: readonly string[]) =>
  `[[registry]]\nprefix = "${prefix}"\n${lines.join('\n')}\n`
const at = 'etc/containers/registries.conf'

t.test('main file and drop-ins', t => {
  const { registries, faults } = read({
    [at]: `${registry('a.example/', 'blocked = true')}[[registry]]\nlocation = "b.example"\n[[registry]]\nblocked = true\n`,
    [`${at}.d/2.conf`]: registry('a.example', 'location = "c.example"', 'insecure = true'),
    [`${at}.d/1.conf`]: registry('a.example', 'location = 5'),
    [`${at}.d/x.txt`]: 'x',
    [`${at}.d/null.conf`]: { link: '/dev/null' },
    'usr/share/containers/registries.conf': 'x',
  })
  t.strictSame(faults, [])
  t.strictSame(registries, [
    {
      file: `/${at}.d/2.conf`,
      prefix: 'a.example',
      location: 'c.example',
      isBlocked: false,
      isInsecure: true,
    },
    {
      file: `/${at}`,
      prefix: 'b.example',
      location: 'b.example',
      isBlocked: false,
      isInsecure: false,
    },
  ])
  t.end()
})

t.test('podman 6 reads those of the vendor too', t => {
  const { registries } = read({
    'usr/share/containers/policy.json': '',
    'usr/share/containers/registries.conf': registry('main', 'blocked = true'),
    'usr/share/containers/registries.conf.d/a.conf': registry('a', 'blocked = true'),
    'usr/share/containers/registries.rootful.conf.d/0.conf': registry('b', 'blocked = true'),
    [`${at}.d/a.conf`]: registry('c', 'blocked = true'),
  })
  t.strictSame(
    registries.map(({ prefix }) => prefix),
    ['main', 'b', 'c'],
  )
  t.end()
})

t.test('what is broken', t => {
  t.match(read({ [at]: 'a = 1\nb =\n', [`${at}.d/x.conf`]: 'registry = 5\n' }), {
    registries: [],
    faults: [{ file: `/${at}`, line: 2, reason: /^Invalid TOML/ }],
  })
  const many = Object.fromEntries(
    Array.from({ length: 1001 }, (_, index) => [`${at}.d/${index}.conf`, '']),
  )
  t.throws(() => read(many), /registries\.conf has more than 1000 drop-ins/)
  t.end()
})

t.test('which entry decides', t => {
  const { registries } = read({
    [at]: [
      'quay.io',
      'quay.io/org',
      'quay.io/org/app',
      '*.example.com',
      'r.example.com:5000/a',
      'localhost',
    ]
      .map(prefix => registry(prefix))
      .join(''),
  })
  const cases: Readonly<Record<string, string | undefined>> = {
    'quay.io/other/app:1': 'quay.io',
    'quay.io/organic/app:1': 'quay.io',
    'quay.io/org/other:1': 'quay.io/org',
    'quay.io/org/app@sha256:0': 'quay.io/org/app',
    'quay.io/org/app/sub:1': 'quay.io/org/app',
    'quay.iox/org/app:1': undefined,
    'a.b.example.com/x:1': '*.example.com',
    'example.com/x:1': undefined,
    'r.example.com:5000/a:1': 'r.example.com:5000/a',
    'r.example.com:5000/b:1': '*.example.com',
    'other.org/x.example.com/y:1': undefined,
    'localhost/x:1': 'localhost',
  }
  for (const [image, prefix] of Object.entries(cases))
    t.equal(findRegistry(registries, image)?.prefix, prefix, image)
  t.end()
})
