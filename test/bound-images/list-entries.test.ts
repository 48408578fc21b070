import { linkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { describeProblem, type SpecProblem } from '../../lib/text/fault.ts'
import { listEntries, specDirectories } from '../../lib/bound-images/list-entries.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const linkTo = (path: string) => ({ link: path })
const list = (root: string) => {
  const problems: SpecProblem[] = []
  const entries = listEntries(new DeploymentFiles(root), problems)
  return { labels: entries.map(({ label }) => label), problems: problems.flatMap(describeProblem) }
}
const [first, second, third, fourth, fifth] = specDirectories.map(path => path.slice(1))

t.test('the directories, the first one first', t => {
  t.strictSame(specDirectories, [
    '/etc/bootc/bound-images.d',
    '/run/bootc/bound-images.d',
    '/usr/lib/bootc/bound-images.d',
    '/usr/lib/bootc-experimental/bound-images.d',
    '/usr/lib/bootc-bound-images/bound-images.d',
  ])
  for (let index = 0; index < specDirectories.length; index++) {
    const rest = specDirectories.slice(index).map(path => `${path.slice(1)}/a.image`)
    const tree = Object.fromEntries(rest.map(path => [path, linkTo('/x')]))
    t.strictSame(list(makeTree(t, tree)), { labels: rest.slice(0, 1), problems: [] })
  }
  t.end()
})

t.test('what editors and package managers leave is not read', t => {
  const names = ['a.image~', '.a.image', '#a.image#', 'README', 'README.md', 'a.image.rpmsave']
  const more = [
    'a.image.rpmnew',
    'a.image.dpkg-old',
    'a.toml.bak',
    'a.image.orig',
    'a.image.ucf-dist',
  ]
  const entries = [...names, ...more, 'a.image', 'README-a.image', 'a.dpkg-old.image']
  const tree = makeTree(t, Object.fromEntries(entries.map(name => [`${first}/${name}`, 'x'])))
  const labels = ['README-a.image', 'a.dpkg-old.image', 'a.image'].map(name => `${first}/${name}`)
  t.strictSame(list(tree), { labels, problems: [] })
  t.end()
})

t.test('all of them, sorted by name', t => {
  const labels = [
    `${fifth}/A.image`,
    `${first}/a.image`,
    `${third}/b.toml`,
    `${second}/c`,
    `${fourth}/é`,
  ]
  const tree = Object.fromEntries(labels.map(label => [label, linkTo('/x')]))
  t.strictSame(list(makeTree(t, tree)), { labels, problems: [] })
  t.end()
})

t.test('masked', t => {
  const masks: Tree = {
    [`${first}/a`]: linkTo('/dev/null'),
    [`${first}/b`]: '',
    [`${second}/c`]: linkTo('/dev/null'),
  }
  const masked: Tree = {
    [`${third}/a`]: 'x',
    [`${third}/b`]: 'x',
    [`${third}/c`]: 'x',
    [`${first}/c`]: 'x',
  }
  t.strictSame(list(makeTree(t, { ...masks, ...masked })).labels, [`${first}/c`])
  t.end()
})

t.test('a directory that is a link', t => {
  const root = makeTree(t, {
    [`${third}`]: linkTo('/opt/entries'),
    'opt/entries/a': 'x',
    'opt/entries/b': linkTo('/dev/null'),
  })
  t.strictSame(list(root), { labels: [`${third}/a`], problems: [] })
  t.end()
})

t.test('what cannot be listed is a problem, and the others are listed', t => {
  const good = { [`${fifth}/a`]: 'x' }
  const cases: readonly [what: string, tree: Tree, problem: string][] = [
    ['a file', { [`${third}`]: '' }, `${third}: /${third} is not a directory`],
    [
      'a dangling link',
      { [`${third}`]: linkTo('/nowhere') },
      `${third}: /nowhere does not exist in the root`,
    ],
    [
      'a loop',
      { [`${third}`]: linkTo('bound-images.d') },
      `${third}: too many symbolic links at /${third}`,
    ],
  ]
  for (const [what, tree, problem] of cases)
    t.strictSame(
      list(makeTree(t, { ...good, ...tree })),
      { labels: [`${fifth}/a`], problems: [problem] },
      what,
    )
  const noParent = makeTree(t, { ...good, 'usr/lib/bootc': linkTo('/nowhere') })
  t.strictSame(list(noParent).problems, [], 'as bootc has it')
  t.end()
})

t.test('a name that is no UTF-8', t => {
  const root = makeTree(t, { [`${third}/a`]: 'x' })
  writeFileSync(Buffer.concat([Buffer.from(join(root, `${third}/caf`)), Buffer.from([0xe9])]), 'x')
  t.strictSame(list(root), {
    labels: [`${third}/a`],
    problems: [`${third}/caf\\u{fffd}: the name is not UTF-8; rename it`],
  })
  t.end()
})

t.test('a flood of entries is refused as a whole', t => {
  const root = makeTree(t, { [`${third}/x`]: 'x' })
  for (let index = 0; index < 20_000; index++)
    linkSync(join(root, `${third}/x`), join(root, `${third}/${index}`))
  t.strictSame(list(root), {
    labels: [],
    problems: [`${third}: the directory has 20001 entries, the maximum is 20000`],
  })
  t.end()
})
