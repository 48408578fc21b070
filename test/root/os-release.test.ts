import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { parseOsRelease, readOsRelease } from '../../lib/root/os-release.ts'
import { makeTree, type Tree } from '../make-tree.ts'

t.test('fields', t => {
  const cases: readonly [line: string, value: string | undefined][] = [
    ['X=debian', 'debian'],
    ['X=', ''],
    ['X=""', ''],
    ['X="13 (trixie)"', '13 (trixie)'],
    ["X='13 $y'", '13 $y'],
    ["X='a\\b'", 'a\\b'],
    [String.raw`X="a\"\$\`\\b"`, 'a"$`\\b'],
    [String.raw`X="a\b"`, String.raw`a\b`],
    ['X=a=b', 'a=b'],
    ['  X=a \r', 'a'],
    ['#X=a', undefined],
    ['X', undefined],
    ['X=a\nX=b', 'b'],
  ]
  for (const [text, value] of cases) t.equal(parseOsRelease(`\n${text}\n`).get('X'), value, text)
  t.end()
})

const read = (tree: Tree) => readOsRelease(new DeploymentFiles(makeTree(t, tree)))?.get('ID')

t.test('where it is', t => {
  t.equal(read({ 'etc/os-release': 'ID=etc', 'usr/lib/os-release': 'ID=usr' }), 'etc')
  t.equal(read({ 'usr/lib/os-release': 'ID=usr' }), 'usr')
  const link = { link: '../usr/lib/os-release' }
  t.equal(read({ 'etc/os-release': link, 'usr/lib/os-release': 'ID=usr' }), 'usr')
  t.equal(read({ 'etc/os-release': link }), undefined)
  t.equal(readOsRelease(new DeploymentFiles(makeTree(t, {}))), undefined)
  t.end()
})

t.test('a file that cannot be read is an error', t => {
  const root = makeTree(t, { 'etc/': '' })
  execFileSync('mkfifo', [join(root, 'etc/os-release')])
  t.throws(() => readOsRelease(new DeploymentFiles(root)), {
    message: 'reading /etc/os-release',
    cause: { message: /a FIFO/ },
  })
  t.end()
})
