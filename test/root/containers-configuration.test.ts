import { execFileSync } from 'node:child_process'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readContainersConfiguration } from '../../lib/root/containers-configuration.ts'
import { type ByteBudget, copyBudget } from '../../lib/root/byte-budget.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const read = (top: string, copies?: ByteBudget) =>
  readContainersConfiguration(
    new DeploymentFiles(join(top, 'root'), join(top, 'host')),
    join(top, 'host'),
    copies,
  )
/** A tree of /etc/containers below a directory. */
function below(prefix: string, tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, content]) => [`${prefix}/containers/${path}`, content]),
  )
}

/** Path -> contents, of a host and a deployment whose /etc/containers have these files. */
function configuration(host: Tree, root: Tree) {
  // The administrator has changed nothing.
  const top = makeTree(t, {
    'root/usr/etc/': '',
    'host/': '',
    ...below('host/etc', host),
    ...below('host/usr/etc', host),
    ...below('root/usr/etc', root),
  })
  const files = read(top)
  return files && Object.fromEntries(files.map(({ path, contents }) => [path, contents.toString()]))
}

t.test('the same on both sides', t => {
  const same = {
    'policy.json': 'a',
    'registries.conf.d/a.conf': 'b',
    'certs.d/quay.io/ca.crt': 'c',
    'registries.d/x.yaml': '',
  }
  t.equal(configuration(same, same), undefined)
  t.equal(
    configuration({ ...same, 'storage.conf': 'a' }, { ...same, 'storage.conf': 'b' }),
    undefined,
  )
  t.end()
})

t.test('no such directory on the host', t => {
  t.equal(configuration({}, { 'policy.json': 'a' }), undefined)
  t.end()
})

t.test('its own configuration of pulls, and all else of the host', t => {
  const host = {
    'policy.json': 'a',
    'storage.conf': 'host',
    'sub/x': 'host',
    'certs.d/a/ca.crt': '',
  }
  const cases: readonly [what: string, root: Tree, expected: Readonly<Record<string, string>>][] = [
    [
      'changed',
      { 'policy.json': 'b', 'certs.d/a/ca.crt': '' },
      { 'policy.json': 'b', 'certs.d/a/ca.crt': '' },
    ],
    ['dropped', { 'policy.json': 'a' }, { 'policy.json': 'a' }],
    [
      'added',
      { ...host, 'registries.conf.d/x.conf': 'x' },
      { 'policy.json': 'a', 'certs.d/a/ca.crt': '', 'registries.conf.d/x.conf': 'x' },
    ],
    [
      'another name',
      { 'policy.json': 'a', 'certs.d/b/ca.crt': '' },
      { 'policy.json': 'a', 'certs.d/b/ca.crt': '' },
    ],
  ]
  for (const [what, root, expected] of cases)
    t.strictSame(
      new Map(Object.entries(configuration(host, root) ?? {})),
      new Map(Object.entries({ ...expected, 'storage.conf': 'host', 'sub/x': 'host' })),
      what,
    )
  t.end()
})

t.test('what the administrator changed stays', t => {
  const top = makeTree(t, {
    'host/usr/etc/containers/policy.json': 'a',
    'host/etc/containers/policy.json': 'mine',
    'host/etc/containers/registries.conf': 'mine',
    'root/usr/etc/containers/policy.json': 'b',
    'root/usr/etc/containers/registries.d/x.yaml': 'new',
  })
  t.match(
    read(top)?.map(({ path, contents }) => [path, contents.toString()]),
    [
      ['policy.json', 'mine'],
      ['registries.conf', 'mine'],
      ['registries.d/x.yaml', 'new'],
    ],
  )
  t.end()
})

t.test('links are followed inside the deployment', t => {
  const top = makeTree(t, {
    'host/etc/containers/storage.conf': 'host',
    'root/usr/etc/containers/policy.json': { link: '/usr/share/policy.json' },
    'root/usr/share/policy.json': 'new',
    'root/usr/etc/containers/registries.conf.d': { link: '/usr/share/registries' },
    'root/usr/share/registries/a.conf': 'a',
    'root/usr/etc/containers/certs.d/dangling': { link: '/nowhere' },
  })
  t.match(
    read(top)?.map(({ path, contents }) => [path, contents.toString()]),
    [
      ['policy.json', 'new'],
      ['registries.conf.d/a.conf', 'a'],
      ['storage.conf', 'host'],
    ],
  )
  t.end()
})

t.test('what cannot be a configuration', t => {
  const fifo = makeTree(t, { 'host/etc/containers/': '', 'root/usr/etc/containers/certs.d/': '' })
  execFileSync('mkfifo', [join(fifo, 'root/usr/etc/containers/certs.d/x')])
  t.throws(() => read(fifo), {
    message: 'reading /etc/containers/certs.d/x',
    cause: { message: /a FIFO/ },
  })
  t.throws(() => configuration({ 'policy.json': '' }, { 'certs.d/1/2/3/4/5': '' }), {
    message: /nested too deeply/,
  })
  t.end()
})

const links = (directory: string, count: number, link: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${directory}/${n}`, { link }]))

t.test('no more entries than a sane configuration has, wherever its links lead', t => {
  const tree = {
    ...links('root/usr/etc/containers/certs.d', 44, '/usr/x'),
    ...links('root/usr/x', 44, '/usr/y'),
    'host/etc/containers/': '',
  }
  t.strictSame(
    read(makeTree(t, { ...tree, 'root/usr/y/': '' })),
    undefined,
    '1 + 44 + 44 * 44 entries',
  )
  const tooMany = {
    message: '/etc/containers/certs.d has more than 2000 entries, including those behind links',
    remedy: 'remove files that podman does not read',
  }
  t.throws(
    () => read(makeTree(t, { ...tree, ...links('root/usr/y', 44, '/usr/z'), 'root/usr/z/': '' })),
    tooMany,
  )
  t.throws(() => read(makeTree(t, { ...tree, ...links('root/usr/y', 44, '/nowhere') })), tooMany)
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`certs.d/${n}`, '']))
  t.throws(() => configuration({ 'policy.json': '' }, many), tooMany)
  t.end()
})

const tooMuch = (directory: string) => ({
  message: `${directory}: the certificates and configuration of one root exceed 16777216 bytes`,
})

t.test('no more bytes than fit into /run, together with what else is copied', t => {
  const mebibytes = (where: string, count: number) => {
    const names = Array.from({ length: count }, (_, n) => `${where}/${n}`)
    const top = makeTree(t, {
      'root/usr/etc/containers/policy.json': 'new',
      'host/etc/containers/': '',
      ...Object.fromEntries(names.map(name => [name, ''])),
    })
    for (const name of names) truncateSync(join(top, name), 1024 * 1024)
    return top
  }
  const certificates = 'root/usr/etc/containers/certs.d'
  t.equal(read(mebibytes(certificates, 15))?.length, 16)
  t.throws(() => read(mebibytes(certificates, 17)), tooMuch('/etc/containers/certs.d'))
  t.throws(
    () => read(mebibytes('host/etc/containers/certs.d', 17)),
    tooMuch('/etc/containers/certs.d'),
  )
  t.throws(() => read(mebibytes('host/etc/containers/x', 16)), tooMuch('/etc/containers/x'))
  const copies = copyBudget()
  copies.take(15 * 1024 * 1024)
  t.throws(() => read(mebibytes(certificates, 2), copies), tooMuch('/etc/containers/certs.d'))
  t.end()
})

t.test('the files of podman 6', t => {
  const next = {
    'policy.json': 'next',
    'registries.conf': 'next',
    'registries.conf.d/a.conf': 'a',
    'registries.conf.d/b.conf': 'b',
    'registries.rootful.conf.d/b.conf': 'rootful',
    'certs.rootful.d/r/ca.crt': 'c',
    'certs.d/a.rootful.b/ca.crt': 'd',
  }
  const tree = (host: Tree, etc: Tree, more: Tree = {}) =>
    makeTree(t, {
      'root/usr/etc/': '',
      'host/etc/containers/': '',
      ...below('host/usr/etc', host),
      ...below('host/etc', host),
      ...more,
      ...below('root/usr/share', next),
      ...below('root/usr/etc', etc),
    })
  const files = (top: string) =>
    Object.fromEntries((read(top) ?? []).map(file => [file.path, file.contents.toString()]))
  t.strictSame(files(tree({ 'policy.json': 'old' }, { 'registries.conf.d/a.conf': 'etc' })), {
    'certs.d/r/ca.crt': 'c',
    'certs.d/a.rootful.b/ca.crt': 'd',
    'policy.json': 'next',
    'registries.conf': 'next',
    'registries.conf.d/a.conf': 'etc',
    'registries.conf.d/b.conf': 'rootful',
  })
  t.equal(read(tree({}, {}, below('host/usr/share', next))), undefined, 'the same on both sides')
  t.match(files(tree({}, { 'policy.json': 'etc' })), {
    'policy.json': 'etc',
    'registries.conf': 'next',
  })
  t.end()
})

t.test('no policy on either side', t => {
  const top = makeTree(t, {
    'root/usr/etc/': '',
    ...below('host/etc', { 'registries.conf': 'x' }),
    ...below('host/usr/etc', { 'registries.conf': 'x' }),
  })
  t.throws(() => read(top), { message: /has no policy\.json in/ })
  t.end()
})

t.test('what podman 6 of the host would fall back to is covered', t => {
  const top = makeTree(t, {
    'host/etc/containers/policy.json': 'a',
    'host/usr/etc/containers/policy.json': 'a',
    'host/usr/share/containers/registries.conf': 'host',
    'host/usr/libexec/podman/quadlet': '/podman/v6/',
    'root/usr/etc/containers/policy.json': 'a',
  })
  t.match(
    read(top)?.map(({ path, contents }) => [path, contents.toString()]),
    [
      ['policy.json', 'a'],
      ['registries.conf', ''],
    ],
  )
  t.end()
})

t.test('no program of any size is read', t => {
  const top = makeTree(t, {
    'host/etc/containers/policy.json': 'a',
    'host/usr/etc/containers/policy.json': 'a',
    'root/usr/etc/containers/policy.json': 'a',
    'root/usr/libexec/podman/quadlet': '/podman/v6/',
    'root/usr/share/containers/registries.conf': 'next',
  })
  t.equal(read(top)?.length, 2)
  truncateSync(join(top, 'root/usr/libexec/podman/quadlet'), 65 * 1024 * 1024)
  t.equal(read(top), undefined)
  t.end()
})
