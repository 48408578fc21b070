import { symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { checkRoot } from '../../lib/check/check-root.ts'
import { formatFinding, formatGithubCommand } from '../../lib/check/format-finding.ts'
import { byPlace } from '../../lib/check/locate-finding.ts'
import { makeTree } from '../make-tree.ts'

const finding = { severity: 'error', entry: 'usr/a', reason: 'it is wrong' } as const

const pathsIn = (given: string) => checkRoot(given).findings.map(({ path }) => path)

t.test('one line that editors understand', t => {
  const full = { ...finding, path: 'os/usr/b', file: '/usr/b', line: 3, key: 'K', remedy: 'fix it' }
  t.equal(formatFinding(full), 'os/usr/b:3: error: K=: it is wrong (fix it) [read for usr/a]')
  t.equal(formatFinding({ ...finding, path: 'usr/a' }), 'usr/a: error: it is wrong')
  t.equal(
    formatFinding({ ...finding, path: 'usr/a', file: '/usr/a' }),
    'usr/a: error: it is wrong',
    'the entry is the file',
  )
  t.equal(
    formatFinding({ severity: 'note', reason: 'there is no skopeo' }),
    'bootc-bound-images: note: there is no skopeo',
  )
  t.equal(
    formatFinding({ ...finding, path: 'a\nb', reason: 'x\x1b[1m\ny' }),
    'a\\x0ab: error: x\\x1b[1m\\x0ay',
  )
  t.end()
})

t.test('a workflow command of GitHub, from which no text can break out', t => {
  t.equal(
    formatGithubCommand({ ...finding, path: 'os/a,b:c%.image', line: 3, reason: '100%, a::b' }),
    '::error file=os/a%2Cb%3Ac%25.image,line=3,title=bootc-bound-images::100%25, a::b',
  )
  t.equal(
    formatGithubCommand({ severity: 'warning', reason: 'a\r\n::error::b', path: 'x' }),
    '::warning file=x,title=bootc-bound-images::a\\x0d\\x0a::error::b',
  )
  t.equal(
    formatGithubCommand({ severity: 'note', reason: 'x' }),
    '::notice title=bootc-bound-images::x',
  )
  t.end()
})

t.test('paths that can be opened', t => {
  const image = '[Image]\nImage=a b\n'
  const root = makeTree(t, {
    'usr/etc/containers/systemd/web.image': image,
    'usr/lib/bootc/bound-images.d/web.image': { link: '/etc/containers/systemd/web.image' },
    'usr/lib/bootc/bound-images.d/gone.image': { link: '/usr/gone.image' },
    'usr/lib/bootc/bound-images.d/x.image~': { link: '/usr/web.image' },
    'usr/lib/bootc/bound-images.d/y.toml': 'images = [',
  })
  const expected = [
    // Where an ostree commit has /etc. A link to /etc would lead to that of this machine.
    'usr/etc/containers/systemd/web.image',
    'usr/lib/bootc/bound-images.d/gone.image',
    'usr/lib/bootc/bound-images.d/x.image~',
    'usr/lib/bootc/bound-images.d/y.toml',
  ]
  const below = (given: string) => expected.map(path => join(given, path))
  t.strictSame(pathsIn(root), below(root))
  t.strictSame(pathsIn(relative('.', root)), below(relative('.', root)), 'relative paths stay so')
  const link = join(root, 'link')
  symlinkSync('.', link)
  t.strictSame(pathsIn(link), below(link), 'a link to the root')
  t.end()
})

t.test('in the order of places, first what has none', t => {
  const { locate } = checkRoot(makeTree(t, { 'usr/': '' }))
  const note = { severity: 'note', reason: 'x' } as const
  t.equal(locate(note), note)
  const at = (path: string, line?: number) => ({
    ...note,
    path,
    ...(line !== undefined && { line }),
  })
  const all = [at('b'), at('a', 2), at('a'), note]
  t.match(all.toSorted(byPlace), [note, { path: 'a' }, { path: 'a', line: 2 }, { path: 'b' }])
  t.match(all.toReversed().toSorted(byPlace), [
    { path: undefined },
    { line: undefined },
    { line: 2 },
  ])
  t.end()
})
