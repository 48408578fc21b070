import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { dropInDirectoryNames, listQuadletFiles } from '../../lib/quadlet/quadlet-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const etc = 'etc/containers/systemd'
const usr = 'usr/share/containers/systemd'
const linkTo = (path: string) => ({ link: path })
const list = (tree: Tree) => listQuadletFiles(new DeploymentFiles(makeTree(t, tree)))

const byName = (files: ReadonlyMap<string, string>) =>
  [...files].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

t.test('of each name, the first file counts', t => {
  const { files } = list({
    [`${etc}/a.image`]: '',
    [`${usr}/a.image`]: '',
    [`${usr}/b.container`]: '',
    [`${usr}/c.kube`]: '',
    [`${usr}/d.volume`]: '',
    [`${usr}/d.pod`]: '',
    [`${usr}/d.network`]: '',
    [`${usr}/e.image.bak`]: '',
    [`${usr}/.f.image`]: '',
    [`${usr}/image`]: '',
    'run/containers/systemd/g.image': '',
  })
  t.strictSame(byName(files), [
    ['.f.image', `/${usr}/.f.image`],
    ['a.image', `/${etc}/a.image`],
    ['b.container', `/${usr}/b.container`],
    ['c.kube', `/${usr}/c.kube`],
    ['d.pod', `/${usr}/d.pod`],
    ['d.volume', `/${usr}/d.volume`],
  ])
  t.end()
})

t.test('directories below, after the files above them', t => {
  const { files, directories } = list({
    [`${etc}/z/a.image`]: '',
    [`${usr}/a.image`]: '',
    [`${usr}/b/a.image`]: '',
    [`${usr}/b/c.image`]: '',
    [`${usr}/b/x/d.image`]: '',
    [`${usr}/c/c.image`]: '',
    [`${usr}/c/d.image`]: '',
    [`${etc}/users/1000/u.image`]: '',
    [`${usr}/users/v.image`]: '',
  })
  t.strictSame(
    byName(files),
    [
      ['a.image', `/${etc}/z/a.image`],
      ['c.image', `/${usr}/b/c.image`],
      ['d.image', `/${usr}/b/x/d.image`],
      ['v.image', `/${usr}/users/v.image`],
    ],
    'those of other users than root are not for root',
  )
  t.ok(directories.has(`/${usr}/b/x`))
  t.notOk(directories.has(`/${etc}/users`))
  t.end()
})

t.test('a directory is left out by where its links lead', t => {
  const right = { [`${usr}/web.image`]: '' }
  const left: Readonly<Record<string, Tree>> = {
    'users is a link': {
      [`${etc}/users`]: linkTo('/usr/share/containers/rootless'),
      'usr/share/containers/rootless/web.image': '',
    },
    'a link to what is below users': {
      [`${etc}/u`]: linkTo('users/1000'),
      [`${etc}/users/1000/web.image`]: '',
    },
    'a name that begins with users': { [`${etc}/users-x/web.image`]: '' },
    'users is the root': { [`${etc}/users`]: linkTo('/'), [`${etc}/web.image`]: '' },
    'a link to a directory of drop-ins': {
      [`${etc}/x`]: linkTo('/usr/share/stuff.d'),
      'usr/share/stuff.d/web.image': '',
    },
    'all of /etc is one of drop-ins': { [etc]: linkTo('../q.d'), 'etc/q.d/web.image': '' },
  }
  for (const [what, tree] of Object.entries(left))
    t.strictSame(
      byName(list({ ...right, ...tree }).files),
      [['web.image', `/${usr}/web.image`]],
      what,
    )

  const plain = { ...right, [`${etc}/x.d`]: linkTo('/usr/plain'), 'usr/plain/web.image': '' }
  t.strictSame(
    byName(list(plain).files),
    [['web.image', '/usr/plain/web.image']],
    'a link that only its name makes look like one of drop-ins is followed',
  )
  const shared = { [`${etc}/users`]: linkTo(`/${usr}/u`), [`${usr}/u/web.image`]: '' }
  t.strictSame(
    byName(list(shared).files),
    [['web.image', `/${usr}/u/web.image`]],
    'only on the way through /etc',
  )
  t.end()
})

t.test('links to directories, each directory once', t => {
  const { files, directories } = list({
    [usr]: linkTo('/usr/quadlets'),
    'usr/quadlets/a.image': '',
    'usr/quadlets/loop': linkTo('.'),
    'usr/quadlets/up': linkTo('/usr/more'),
    'usr/more/b.image': '',
    'usr/more/dangling': linkTo('/nowhere'),
    [etc]: linkTo('/nowhere'),
  })
  t.strictSame(byName(files), [
    ['a.image', '/usr/quadlets/a.image'],
    ['b.image', '/usr/more/b.image'],
  ])
  t.strictSame([...directories].toSorted(), ['/usr/more', '/usr/quadlets'])
  t.end()
})

t.test('directories of drop-ins, in the order of the search', t => {
  const { dropInDirectories, files } = list({
    [`${usr}/a.image.d/x.conf`]: '',
    [`${usr}/sub/a.image.d/x.conf`]: '',
    [`${usr}/image.d/y.image`]: '',
    [`${etc}/a.image.d/x.conf`]: '',
  })
  t.strictSame(dropInDirectories.get('a.image.d'), [
    `/${etc}/a.image.d`,
    `/${usr}/a.image.d`,
    `/${usr}/sub/a.image.d`,
  ])
  t.strictSame(dropInDirectories.get('image.d'), [`/${usr}/image.d`])
  t.strictSame([...files], [], 'which are not searched for files')
  t.end()
})

t.test('a search path that is no directory', t => {
  t.strictSame([...list({}).files], [])
  t.strictSame([...list({ [usr]: '' }).files], [])
  t.end()
})

t.test('a flood of directories ends', t => {
  const root = makeTree(t, {})
  for (let index = 0; index < 10_001; index++)
    mkdirSync(join(root, usr, `${index}`), { recursive: true })
  t.equal(listQuadletFiles(new DeploymentFiles(root)).directories.size, 10_000)
  t.end()
})

t.test('names of drop-in directories, the most specific first', t => {
  const cases: readonly [file: string, names: readonly string[]][] = [
    ['web.image', ['web.image.d', 'image.d']],
    ['a-b-c.container', ['a-b-c.container.d', 'a-b-.container.d', 'a-.container.d', 'container.d']],
    ['db@one.kube', ['db@one.kube.d', 'db@.kube.d', 'kube.d']],
    ['db@.image', ['db@.image.d', 'image.d']],
    ['a-b@x-y.image', ['a-b@x-y.image.d', 'a-b@.image.d', 'a-@.image.d', 'a-.image.d', 'image.d']],
    ['a.b.image', ['a.b.image.d', 'image.d']],
  ]
  for (const [file, names] of cases) t.strictSame(dropInDirectoryNames(file), names, file)
  t.end()
})
