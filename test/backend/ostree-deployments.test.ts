import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ostree } from '../../lib/backend/ostree.ts'
import { makeTree } from '../make-tree.ts'
import { writeBootedFile } from './write-booted-file.ts'

const deploy = 'sysroot/ostree/deploy'

t.test('roots with one /etc are of one deployment', t => {
  const top = makeTree(t, { 'a/etc/': '', 'b/etc/': '', 'none/': '', 'seen/': '' })
  // As / of a composefs has the /etc of its deployment mounted.
  symlinkSync('../a/etc', join(top, 'seen/etc'))
  const isSame = (a: string, b: string) => ostree.isRunning(join(top, a), join(top, b))
  t.ok(isSame('a', 'a'))
  t.ok(isSame('a', 'seen'))
  t.ok(isSame('seen', 'a'))
  t.notOk(isSame('a', 'b'))
  t.notOk(isSame('a', 'none'))
  t.notOk(isSame('none', 'a'))
  t.ok(isSame('none', 'none'), 'as with an /etc that is new at each boot')
  t.notOk(isSame('none', 'gone'))
  t.end()
})

t.test('ostree says which it is when both / and /etc are overlays', t => {
  const host = makeTree(t, {
    [`${deploy}/debian/deploy/a.0/etc/`]: '',
    [`${deploy}/debian/deploy/b.0/etc/`]: '',
    'etc/': '',
  })
  const directory = join(host, deploy, 'debian/deploy/b.0')
  t.equal(ostree.running(host), undefined)
  writeBootedFile(host, directory)
  t.strictSame(ostree.running(host), { name: 'b.0', root: directory })
  t.ok(ostree.isRunning(host, directory))
  t.equal(ostree.deploymentOf(host, join(host, 'etc')), undefined, 'no other root is')
  t.end()
})

t.test('the directory of the deployment that a root is of', t => {
  const host = makeTree(t, {
    [`${deploy}/debian/deploy/a.0/etc/`]: '',
    [`${deploy}/debian/deploy/a.0.origin`]: '',
    [`${deploy}/debian/deploy/b.1/etc/`]: '',
    [`${deploy}/fedora/deploy/c.0/etc/`]: '',
    [`${deploy}/empty/var/`]: '',
    [`${deploy}/note`]: '',
    'seen/': '',
    'other/etc/': '',
  })
  symlinkSync(join(host, deploy, 'fedora/deploy/c.0/etc'), join(host, 'seen/etc'))
  t.strictSame(
    ostree
      .deployments(host)
      .map(({ name }) => name)
      .toSorted(),
    ['a.0', 'b.1', 'c.0'],
  )
  const find = (root: string) => ostree.deploymentOf(host, join(host, root))?.root
  t.equal(find('seen'), join(host, deploy, 'fedora/deploy/c.0'))
  t.equal(find(`${deploy}/debian/deploy/b.1`), join(host, deploy, 'debian/deploy/b.1'))
  t.equal(find('other'), undefined, 'it is of none')
  t.end()
})

t.test('a host that has no deployments', t => {
  const host = t.testdir({ etc: {} })
  t.equal(ostree.running(host), undefined)
  t.strictSame(ostree.deployments(host), [])
  mkdirSync(join(host, 'sysroot/ostree'), { recursive: true })
  symlinkSync('deploy', join(host, deploy))
  t.throws(() => ostree.running(host), { code: 'ELOOP' }, 'an error is not hidden')
  t.end()
})
