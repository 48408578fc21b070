import t from 'tap'
import { parseImageSource } from '../../lib/bound-images/image-source.ts'
import type { Tree } from '../make-tree.ts'
import { makeContext } from './make-context.ts'

const main = 'etc/containers/registries.conf'
const dropIn = (name: string) => `etc/containers/registries.conf.d/${name}`
const cache = 'var/cache/containers/short-name-aliases.conf'
const search = (...registries: readonly string[]) =>
  `unqualified-search-registries = ${JSON.stringify(registries)}\n`
const alias = (value: string) => `[aliases]\n"app" = "${value}"\n`
const resolve = (tree: Tree, name = 'app:1') =>
  parseImageSource(name, undefined, makeContext(t, tree)).image

const quadlet = (major: number) => ({
  'usr/libexec/podman/quadlet': `\0go.podman.io/podman/v${major}/pkg/systemd/quadlet.Convert\0`,
})

t.test('where podman 6 and its predecessors look', t => {
  const usr = 'usr/share/containers'
  const vendor = {
    [`${usr}/registries.conf`]: search('vendor.io'),
    [`${usr}/registries.conf.d/10-a.conf`]: alias('a.io/x'),
  }
  const etc = { [main]: search('etc.io') }
  for (const [tree, image] of [
    [{ ...etc, ...vendor, ...quadlet(5) }, 'etc.io/app:1'],
    [{ ...vendor, ...quadlet(6), [dropIn('10-a.conf')]: '' }, 'vendor.io/app:1'],
    [{ ...etc, ...vendor, ...quadlet(6) }, 'a.io/x:1'],
    [{ ...etc, ...vendor, [`${usr}/policy.json`]: '{}' }, 'a.io/x:1'],
    [{ ...etc, ...vendor, ...quadlet(12) }, 'a.io/x:1'],
    [{ ...vendor, ...quadlet(6), [dropIn('9.conf')]: alias('b.io/x') }, 'b.io/x:1'],
    [
      {
        ...vendor,
        ...quadlet(6),
        [`${usr}/registries.rootful.conf.d/20.conf`]: alias('c.io/x'),
        'etc/containers/registries.rootful.conf.d/30.conf': alias('d.io/x'),
      },
      'd.io/x:1',
    ],
    [
      { ...vendor, ...quadlet(6), [`${usr}/registries.rootful.conf.d/10-a.conf`]: '' },
      'vendor.io/app:1',
    ],
  ] as const)
    t.equal(resolve(tree), image, JSON.stringify(tree))
  t.end()
})

t.test('which registry a short name means', t => {
  const cases: readonly [what: string, tree: Tree, image: string][] = [
    ['the search registry', { [main]: search('quay.io') }, 'quay.io/app:1'],
    ['with a path', { [main]: search('quay.io/org') }, 'quay.io/org/app:1'],
    ['Docker Hub', { [main]: search('docker.io') }, 'docker.io/library/app:1'],
    ['format 1', { [main]: '[registries.search]\nregistries = ["quay.io"]' }, 'quay.io/app:1'],
    ['an alias', { [main]: alias('quay.io/x/app') }, 'quay.io/x/app:1'],
    [
      'an alias first',
      { [main]: search('a.io', 'b.io') + alias('quay.io/x/app') },
      'quay.io/x/app:1',
    ],
    ['an alias of Docker Hub', { [main]: alias('docker.io/app') }, 'docker.io/library/app:1'],
    [
      'a drop-in after the main file',
      { [main]: search('a.io'), [dropIn('1.conf')]: search('b.io') },
      'b.io/app:1',
    ],
    [
      'drop-ins in order',
      { [dropIn('2.conf')]: search('b.io'), [dropIn('10.conf')]: search('a.io') },
      'b.io/app:1',
    ],
    [
      'only what ends in .conf',
      { [main]: search('a.io'), [dropIn('x.conf.bak')]: search('b.io') },
      'a.io/app:1',
    ],
    [
      'an alias of a drop-in',
      { [main]: alias('a.io/x'), [dropIn('1.conf')]: alias('b.io/x') },
      'b.io/x:1',
    ],
    [
      'an alias taken away',
      { [main]: search('c.io') + alias('a.io/x'), [dropIn('1.conf')]: alias('') },
      'c.io/app:1',
    ],
    [
      'what an administrator answered once',
      { [dropIn('1.conf')]: alias('a.io/x'), [cache]: alias('b.io/x') },
      'b.io/x:1',
    ],
    [
      'other aliases',
      { [main]: `${search('a.io')}[aliases]\n"other" = "b.io/x"\napp = 5\n` },
      'a.io/app:1',
    ],
    [
      'other types',
      { [main]: 'aliases = 5\nunqualified-search-registries = ["a.io", 5]' },
      'a.io/app:1',
    ],
  ]
  for (const [what, tree, image] of cases) t.equal(resolve(tree), image, what)
  t.end()
})

t.test('tags and digests stay', t => {
  const digest = `sha256:${'0'.repeat(64)}`
  t.equal(resolve({ [main]: alias('quay.io/x') }, 'app'), 'quay.io/x:latest')
  t.equal(resolve({ [main]: alias('quay.io/x') }, `app@${digest}`), `quay.io/x@${digest}`)
  t.equal(resolve({ [main]: search('quay.io') }, 'a/b:2'), 'quay.io/a/b:2')
  t.end()
})

t.test('names that need no registry are not looked up', t => {
  t.equal(resolve({ [main]: 'not TOML' }, 'quay.io/a:1'), 'quay.io/a:1')
  t.end()
})

t.test('names that nobody can resolve', t => {
  const cases: readonly [what: string, tree: Tree, reason: RegExp][] = [
    ['no configuration', {}, /neither an alias nor a search registry for the short name app/],
    ['no registry', { [main]: search() }, /neither an alias nor a search registry/],
    [
      'registries of a drop-in taken away',
      { [main]: search('a.io'), [dropIn('1.conf')]: search() },
      /neither an alias nor a search registry/,
    ],
    ['several registries', { [main]: search('a.io', 'b.io') }, /ambiguous: .* names a\.io, b\.io/],
    ['no such registry', { [main]: search('quay') }, /names quay, which is not a registry/],
    ['no registry at all', { [main]: search('a b') }, /not an image reference/],
    [
      'an alias without registry',
      { [main]: alias('x/y') },
      /the alias of .* in registries\.conf has no registry/,
    ],
    [
      'broken TOML',
      { [main]: search('quay.io'), [dropIn('1.conf')]: 'aliases = [' },
      /^\/etc\/containers\/registries\.conf\.d\/1\.conf: Invalid TOML[^\n]*$/,
    ],
    [
      'no file',
      { 'etc/containers/registries.conf/': '' },
      /^\/etc\/containers\/registries\.conf: this is a directory/,
    ],
  ]
  for (const [what, tree, message] of cases) t.throws(() => resolve(tree), { message }, what)
  t.end()
})

t.test('no more files than any real host has', t => {
  const big = Array.from({ length: 5 }, (_, n) => [dropIn(`${n}.conf`), '#'.repeat(1_000_000)])
  t.throws(() => resolve({ ...Object.fromEntries(big), [main]: search('quay.io') }), {
    message: 'the files of registries.conf of one root exceed 4194304 bytes',
  })
  t.end()
})
