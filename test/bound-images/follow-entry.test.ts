import { basename } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { followEntry } from '../../lib/bound-images/follow-entry.ts'
import { listQuadletFiles } from '../../lib/quadlet/quadlet-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const etc = 'etc/containers/systemd'
const usr = 'usr/share/containers/systemd'
const linkTo = (path: string) => ({ link: path })

/** Follows an entry, `web.image` unless its name is given, in a tree. */
function follow(tree: Tree, name = 'web.image') {
  const files = new DeploymentFiles(makeTree(t, tree))
  const path = `/usr/lib/bootc/bound-images.d/${name}`
  const entry = { path, label: path.slice(1), name: basename(path) }
  return followEntry(files, listQuadletFiles(files), entry)
}
const entry = (target: Tree[string], name = 'web.image') => ({
  [`usr/lib/bootc/bound-images.d/${name}`]: target,
})

t.test('the file that Quadlet will read', t => {
  const file = { [`${usr}/web.image`]: 'x' }
  const cases: readonly [what: string, tree: Tree, path: string][] = [
    ['a link', { ...file, ...entry(linkTo(`/${usr}/web.image`)) }, `/${usr}/web.image`],
    [
      'a relative link',
      { ...file, ...entry(linkTo('../../../share/containers/systemd/web.image')) },
      `/${usr}/web.image`,
    ],
    [
      'above the root',
      { ...file, ...entry(linkTo(`../../../../../../../${usr}/web.image`)) },
      `/${usr}/web.image`,
    ],
    [
      'a name that says nothing to Quadlet',
      { [`${usr}/web`]: '', ...entry(linkTo(`/${usr}/web`)) },
      `/${usr}/web`,
    ],
    ['a file of its own', { ...file, ...entry('y') }, '/usr/lib/bootc/bound-images.d/web.image'],
    [
      'a file that Quadlet does not read',
      { ...file, ...entry(linkTo('/opt/web.image')), 'opt/web.image': 'y' },
      '/opt/web.image',
    ],
    [
      'a chain',
      { ...file, ...entry(linkTo('/opt/a')), 'opt/a': linkTo(`../${usr}/web.image`) },
      `/${usr}/web.image`,
    ],
    [
      'through a linked directory',
      { ...file, ...entry(linkTo('/q/web.image')), q: linkTo(`/${usr}`) },
      `/${usr}/web.image`,
    ],
    [
      'below',
      { [`${usr}/x/web.image`]: '', ...entry(linkTo(`/${usr}/x/web.image`)) },
      `/${usr}/x/web.image`,
    ],
    ['elsewhere', { 'opt/web.image': '', ...entry(linkTo('/opt/web.image')) }, '/opt/web.image'],
    ['the entry itself', entry('x'), '/usr/lib/bootc/bound-images.d/web.image'],
    [
      'hidden by one in /etc',
      { ...file, [`${etc}/web.image`]: 'y', ...entry(linkTo(`/${usr}/web.image`)) },
      `/${etc}/web.image`,
    ],
    [
      'masked in /etc',
      { ...file, [`${etc}/web.image`]: linkTo('/dev/null'), ...entry(linkTo(`/${usr}/web.image`)) },
      `/${etc}/web.image`,
    ],
    [
      'a link in its directory keeps its name',
      {
        'opt/other.image': '',
        [`${usr}/web.image`]: linkTo('/opt/other.image'),
        ...entry(linkTo(`/${usr}/web.image`)),
      },
      `/${usr}/web.image`,
    ],
  ]
  for (const [what, tree, path] of cases)
    t.strictSame(follow(tree), { kind: 'image', name: 'web.image', path }, what)
  t.end()
})

t.test('the name is that of the target', t => {
  const tree = {
    [`${usr}/app.container`]: '',
    ...entry(linkTo(`/${usr}/app.container`), 'x.container'),
  }
  t.match(follow(tree, 'x.container'), { kind: 'container', name: 'app.container' })
  const plain = { 'opt/spec': '', ...entry(linkTo('/opt/spec'), 'x.kube') }
  t.match(
    follow(plain, 'x.kube'),
    { kind: 'kube', name: 'x.kube', path: '/opt/spec' },
    'if it has one',
  )
  t.end()
})

t.test('instances of templates', t => {
  const template = { [`${usr}/db@.image`]: '' }
  const path = `/${usr}/db@.image`
  const byEntry = { ...template, ...entry(linkTo(path), 'db@one.image') }
  t.strictSame(follow(byEntry, 'db@one.image'), { kind: 'image', name: 'db@one.image', path })
  const byLink = {
    ...template,
    [`${usr}/db@two.image`]: linkTo('db@.image'),
    ...entry(linkTo(`/${usr}/db@two.image`), 'x.image'),
  }
  t.strictSame(follow(byLink, 'x.image'), {
    kind: 'image',
    name: 'db@two.image',
    path: `/${usr}/db@two.image`,
  })
  const other = { ...template, ...entry(linkTo(path), 'cache@one.image') }
  t.match(follow(other, 'cache@one.image'), { name: 'db@.image' }, 'of this template only')
  t.end()
})

t.test('what is no Quadlet file', t => {
  const chain = Object.fromEntries(
    Array.from({ length: 41 }, (_, n) => [`opt/l${n}`, linkTo(`l${n + 1}`)]),
  )
  const cases: readonly [what: string, tree: Tree, name: string, reason: RegExp][] = [
    [
      'no ending',
      entry(linkTo('/x'), 'web'),
      'web',
      /must end in \.image, \.container, \.kube, \.pod, \.volume, \.artifact or \.toml/,
    ],
    ['another ending', entry(linkTo('/x'), 'a.network'), 'a.network', /must end in/],
    [
      'two kinds',
      { 'opt/a.container': '', ...entry(linkTo('/opt/a.container')) },
      'web.image',
      /^the \.image entry is a link to \/opt\/a\.container, a file of another type$/,
    ],
    ['dangling', entry(linkTo('/nowhere/web.image')), 'web.image', /\/nowhere does not exist/],
    [
      'no such file',
      { 'opt/': '', ...entry(linkTo('/opt/web.image')) },
      'web.image',
      /\/opt\/web\.image does not exist/,
    ],
    [
      'through a file',
      { x: '', ...entry(linkTo('/x/web.image')) },
      'web.image',
      /\/x is not a directory/,
    ],
    ['a loop', entry(linkTo('web.image')), 'web.image', /too many symbolic links/],
    [
      'a long chain',
      { ...chain, ...entry(linkTo('/opt/l0')), 'opt/l41': '' },
      'web.image',
      /too many symbolic links/,
    ],
  ]
  for (const [what, tree, name, message] of cases)
    t.throws(() => follow(tree, name), { message }, what)
  t.end()
})
