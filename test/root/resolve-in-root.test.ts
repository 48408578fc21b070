import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { resolveInRoot, UnresolvedPath } from '../../lib/root/resolve-in-root.ts'

function makeRoot(links: Readonly<Record<string, string>>): string {
  const root = t.testdir({ usr: { lib: { file: '' }, share: {} }, etc: {} })
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path))
  return root
}

t.test('paths that resolve', t => {
  const cases: readonly [
    path: string,
    links: Readonly<Record<string, string>>,
    expected: string,
  ][] = [
    ['usr/lib/file', {}, 'usr/lib/file'],
    ['/usr//./lib/../lib/file', {}, 'usr/lib/file'],
    ['/', {}, ''],
    ['../../..', {}, ''],
    ['../../usr/lib/file', {}, 'usr/lib/file'],
    ['l', { l: '/usr/lib/file' }, 'usr/lib/file'],
    ['l', { l: '../../../usr/lib/file' }, 'usr/lib/file'],
    ['l/file', { l: 'usr/share', 'usr/share/file': '../lib/file' }, 'usr/lib/file'],
    [
      'usr/share/l/../file',
      { 'usr/share/l': '/usr/share/m', 'usr/share/m': '../lib', 'usr/file': 'lib' },
      'usr/lib',
    ],
    ['usr/lib/', {}, 'usr/lib'],
  ]
  for (const [path, links, expected] of cases)
    t.equal(resolveInRoot(makeRoot(links), path), expected, path)
  t.end()
})

t.test('paths that do not', t => {
  const chain = Object.fromEntries(Array.from({ length: 41 }, (_, n) => [`l${n}`, `l${n + 1}`]))
  const cases: readonly [path: string, links: Readonly<Record<string, string>>, code: string][] = [
    ['usr/nothing', {}, 'missing'],
    ['usr/nothing/../lib', {}, 'missing'],
    ['l', { l: '/usr/nothing' }, 'missing'],
    ['l', { l: 'l' }, 'loop'],
    ['l0', { ...chain, l41: 'usr' }, 'loop'],
    ['usr/lib/file/x', {}, 'not-a-directory'],
    ['usr/lib/file/..', {}, 'not-a-directory'],
    ['usr/lib/file/', {}, 'not-a-directory'],
    ['l', { l: 'usr/lib/file/' }, 'not-a-directory'],
  ]
  for (const [path, links, code] of cases)
    t.throws(
      () => resolveInRoot(makeRoot(links), path),
      { code, constructor: UnresolvedPath },
      path,
    )
  t.end()
})

t.test('a chain of 40 links is still followed, as the kernel does', t => {
  const chain = Object.fromEntries(Array.from({ length: 39 }, (_, n) => [`l${n}`, `l${n + 1}`]))
  t.equal(resolveInRoot(makeRoot({ ...chain, l39: 'usr' }), 'l0'), 'usr')
  t.end()
})
