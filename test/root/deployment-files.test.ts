import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { UnresolvedPath } from '../../lib/root/resolve-in-root.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const linkTo = (path: string) => ({ link: path })

/** The files of a deployment in `root`, updating a host in `host`, and where they are below the top. */
function deployment(test: Pick<typeof t, 'testdir'>, tree: Tree) {
  const top = makeTree(test, { 'root/': '', 'host/': '', ...tree })
  const files = new DeploymentFiles(join(top, 'root'), join(top, 'host'))
  const find = (path: string, kind: 'file' | 'directory' = 'file') => {
    const found = files.find(path, kind)
    return found && relative(top, found)
  }
  const names = (path: string) => files.names(path).map(String)
  return { top, files, find, names }
}

t.test('where the parts of a deployment are', t => {
  const { find } = deployment(t, {
    'root/usr/lib/x': 'new',
    'host/usr/lib/x': 'old',
    'host/usr/lib/old': '',
    'root/usr/etc/x': '',
    'root/run/x': '',
    'host/run/x': '',
    'root/var/x': '',
    'host/var/x': '',
    'host/etc/mine': '',
    'root/runtime': '',
  })
  t.equal(find('/usr/lib/x'), 'root/usr/lib/x')
  t.equal(find('/usr/lib/old'), undefined)
  t.equal(find('/etc/x'), 'root/usr/etc/x')
  t.equal(find('/etc/mine'), 'host/etc/mine')
  t.equal(find('/run/x'), 'host/run/x')
  t.equal(find('/var/x'), 'host/var/x')
  t.equal(find('/etc/../run/x'), 'host/run/x')
  t.equal(find('/runtime'), 'root/runtime')
  t.equal(find('/etc', 'directory'), 'host/etc')
  t.end()
})

t.test('a file or a directory', t => {
  const { find, top } = deployment(t, { 'root/usr/x/y': '' })
  execFileSync('mkfifo', [join(top, 'root/usr/fifo')])
  t.equal(find('/usr/x', 'directory'), 'root/usr/x')
  t.equal(find('/usr/x'), undefined)
  t.equal(find('/usr/x/y'), 'root/usr/x/y')
  t.equal(find('/usr/x/y', 'directory'), undefined)
  t.equal(find('/usr/x/y/'), undefined, 'a slash demands a directory')
  t.equal(find('/usr/x/y/z'), undefined)
  t.equal(find('/usr/fifo'), undefined)
  t.end()
})

t.test('anything at all', t => {
  const { files, top } = deployment(t, {
    'root/usr/x/y': '',
    'root/usr/link': linkTo('/usr/fifo'),
    'root/usr/dangling': linkTo('/x'),
    'root/usr/loop': linkTo('loop'),
  })
  execFileSync('mkfifo', [join(top, 'root/usr/fifo')])
  for (const path of ['/usr/x', '/usr/x/y', '/usr/fifo', '/usr/link'])
    t.ok(files.follow(path), path)
  for (const path of ['/x', '/usr/dangling', '/usr/loop', '/usr/x/y/z'])
    t.notOk(files.follow(path), path)
  t.end()
})

t.test('links stay in the view of the deployment', t => {
  const { find } = deployment(t, {
    'root/usr/lib/run': linkTo('/run/x'),
    'host/run/x': '',
    'host/etc/link': linkTo('../usr/lib/x'),
    'root/usr/lib/x': '',
    'host/usr/lib/x': '',
    'root/usr/etc/up': linkTo('../../../../../../usr/lib/x'),
    'root/usr/etc/d': linkTo('/var/d'),
    'host/var/d/x': '',
    'root/usr/loop': linkTo('loop'),
    'root/usr/chain': linkTo('/etc/chain'),
    'root/usr/etc/chain': linkTo('/run/chain'),
    'host/run/chain': linkTo('/usr/lib/x'),
  })
  t.equal(find('/usr/lib/run'), 'host/run/x')
  t.equal(find('/etc/link'), 'root/usr/lib/x')
  t.equal(find('/etc/up'), 'root/usr/lib/x')
  t.equal(find('/etc/d/x'), 'host/var/d/x')
  t.equal(find('/usr/loop'), undefined)
  t.equal(find('/usr/chain'), 'root/usr/lib/x')
  t.end()
})

t.test('paths without their links', t => {
  const chain = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`root/usr/l${n}`, linkTo(`l${n + 1}`)]),
  )
  const { files } = deployment(t, {
    'root/usr/etc/a/x': '',
    'root/usr/b': linkTo('/etc/a'),
    'root/usr/long': linkTo('l0'),
    ...chain,
    'root/usr/l20': '',
    'root/usr/loop': linkTo('loop'),
  })
  t.equal(files.resolve('/usr/b/x'), '/etc/a/x')
  t.equal(files.resolve('/usr/b/./../a//x'), '/etc/a/x')
  t.equal(files.resolve('/usr/b/.'), '/etc/a')
  t.equal(files.resolve('/'), '/')
  t.equal(files.resolve('/usr'), '/usr')
  t.equal(files.resolve('/usr/long'), '/usr/l20')
  t.throws(() => files.resolve('/usr/x'), { constructor: UnresolvedPath, code: 'missing' })
  t.throws(() => files.resolve('/usr/b/x/y'), { code: 'not-a-directory' })
  t.throws(() => files.resolve('/usr/loop'), { code: 'loop' })
  t.end()
})

t.test('the names in a directory, sorted', t => {
  const { files, names, find } = deployment(t, {
    'host/usr/etc/d/unchanged': 'a',
    'host/etc/d/unchanged': 'a',
    'root/usr/etc/d/unchanged': 'b',
    'host/usr/etc/d/dropped': '',
    'host/etc/d/dropped': '',
    'host/usr/etc/d/deleted': '',
    'root/usr/etc/d/deleted': '',
    'root/usr/etc/d/added': '',
    'host/etc/d/mine': '',
    'host/usr/etc/gone/x': '',
    'root/usr/etc/gone/x': '',
    'root/usr/lib/é': '',
    'root/usr/lib/z': '',
    'root/usr/lib/a/': '',
    'root/usr/lib/A': '',
    'root/usr/link': linkTo('/etc/d'),
    'host/etc/changed/sub/x': '',
    'root/usr/etc/changed': 'a file',
  })
  t.strictSame(names('/etc/changed/sub'), ['x'], 'a file on the other side')
  t.strictSame(names('/etc/d'), ['added', 'mine', 'unchanged'])
  t.strictSame(names('/usr/link'), ['added', 'mine', 'unchanged'])
  t.strictSame(names('/etc/gone'), [], 'a deleted directory')
  t.equal(find('/etc/d/deleted'), undefined)
  t.strictSame(names('/usr/lib'), ['A', 'a', 'z', 'é'])
  t.equal(files.names('/usr/link'), files.names('/etc/d/.'), 'remembered')
  t.strictSame(names('/usr/nowhere'), [])
  t.strictSame(names('/nowhere/at/all'), [])
  t.end()
})

t.test('a directory that is whole on this machine', t => {
  const { files, top } = deployment(t, {
    'root/usr/etc/new/x': '',
    'host/etc/mine/x': '',
    'root/usr/etc/both/x': '',
    'host/etc/both/y': '',
    'root/usr/etc/changed/x': 'new',
    'host/usr/etc/changed/x': 'old',
    'host/etc/changed/x': 'mine',
    'root/usr/lib/linked/x': linkTo('/usr/x'),
    'root/usr/lib/plain/x/': '',
    'root/usr/link': linkTo('/etc/new'),
    'root/usr/lib/odd/': '',
  })
  for (const path of ['/etc/new', '/etc/mine', '/usr/lib/plain', '/usr/link'])
    t.ok(files.isInOnePlace(path), path)
  for (const path of ['/etc/both', '/etc/changed', '/usr/lib/linked'])
    t.notOk(files.isInOnePlace(path), path)
  writeFileSync(
    Buffer.concat([Buffer.from(join(top, 'root/usr/lib/odd/')), Buffer.from([0xe9])]),
    '',
  )
  t.notOk(files.isInOnePlace('/usr/lib/odd'), 'a name that is no text')
  t.end()
})

t.test('what the deployment will not have any more', t => {
  const { files } = deployment(t, {
    'host/etc/x': 'a',
    'host/usr/etc/x': 'a',
    'host/etc/mine': '',
    'root/usr/etc/new': '',
  })
  t.ok(files.isDropped('/etc/x'))
  for (const path of ['/etc/mine', '/etc/new', '/etc/nothing']) t.notOk(files.isDropped(path), path)
  t.end()
})

t.test('names that are no UTF-8', t => {
  const { files, top } = deployment(t, { 'root/usr/etc/d/a': '', 'host/etc/': '' })
  const name = Buffer.from([0xe9])
  writeFileSync(Buffer.concat([Buffer.from(join(top, 'root/usr/etc/d/')), name]), '')
  t.strictSame(files.names('/etc/d'), [Buffer.from('a'), name])
  t.end()
})

t.test('a directory that cannot be listed', t => {
  const { names } = deployment(t, {
    'root/usr/file': '',
    'root/usr/dangling': linkTo('/nowhere'),
    'root/usr/loop': linkTo('loop'),
  })
  t.throws(() => names('/usr/file'), { code: 'not-a-directory' })
  t.throws(() => names('/usr/file/x'), { code: 'not-a-directory' })
  t.throws(() => names('/usr/dangling'), { code: 'missing' })
  t.throws(() => names('/usr/loop'), { code: 'loop' })
  t.end()
})

t.test('contents', t => {
  const { files } = deployment(t, {
    'host/usr/etc/x': 'a',
    'host/etc/x': 'b',
    'root/usr/etc/x': 'c',
    'root/usr/big': 'ab',
    'root/usr/dangling': linkTo('/etc/y'),
  })
  t.equal(files.read('/etc/x', 10).toString(), 'b')
  t.throws(() => files.read('/usr/big', 1), { message: /2 bytes, the maximum is 1/ })
  t.throws(() => files.read('/usr', 1), { message: /a directory/ })
  t.throws(() => files.read('/usr/dangling', 1), { message: '/etc/y does not exist in the root' })
  t.end()
})

t.test('a root that is looked at on its own', t => {
  const alone = (tree: Tree) => {
    const root = makeTree(t, tree)
    const files = new DeploymentFiles(root)
    return (path: string) => {
      const found = files.find(path, 'file')
      return found && relative(root, found)
    }
  }
  const image = alone({ 'etc/x': '', 'run/x': '', 'usr/lib/x': '' })
  t.equal(image('/etc/x'), 'etc/x', 'the tree of an image in its build')
  t.equal(image('/run/x'), 'run/x')
  t.equal(alone({ 'usr/etc/x': '' })('/etc/x'), 'usr/etc/x', 'a deployment that was not merged')
  t.equal(alone({ 'usr/etc/x': '', 'etc/': '' })('/etc/x'), 'usr/etc/x', 'nor with an empty /etc')
  const merged = alone({ 'usr/etc/x': '', 'usr/etc/y': '', 'etc/x': '' })
  t.equal(merged('/etc/x'), 'etc/x', 'a deployment that was merged')
  t.equal(merged('/etc/y'), undefined)
  t.end()
})

t.test(
  'a staged deployment has a copy of its defaults in /etc, which the merge does not use',
  t => {
    const { find, names } = deployment(t, {
      'root/usr/etc/x': 'a',
      'root/etc/x': 'a',
      'root/etc/y': '',
      'host/etc/x': 'c',
      'host/etc/mine': '',
    })
    t.equal(find('/etc/x'), 'host/etc/x')
    t.equal(find('/etc/y'), undefined)
    t.strictSame(names('/etc'), ['mine', 'x'])
    t.end()
  },
)

t.test('the running system is its own host', t => {
  const root = makeTree(t, { 'etc/x': 'b', 'usr/etc/x': 'a', 'run/x': '' })
  const files = new DeploymentFiles(root, root)
  t.equal(files.find('/etc/x', 'file'), join(root, 'etc/x'))
  t.equal(files.find('/run/x', 'file'), join(root, 'run/x'))
  t.end()
})

t.test('/dev/null is empty, other devices are no files', t => {
  const files = new DeploymentFiles('/')
  t.equal(files.read('/dev/null', 1).length, 0)
  t.throws(() => files.read('/dev/zero', 1), { message: /device/ })
  t.end()
})
