import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { DropIns } from '../../lib/quadlet/drop-ins.ts'
import { listQuadletFiles } from '../../lib/quadlet/quadlet-files.ts'
import { isMask, readUnitFile } from '../../lib/quadlet/read-unit-file.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const etc = 'etc/containers/systemd'
const usr = 'usr/share/containers/systemd'
const linkTo = (path: string) => ({ link: path })
const read = (tree: Tree, name = 'web.image', directory = usr) => {
  const files = new DeploymentFiles(
    makeTree(t, { [`${directory}/${name}`]: '[Image]\nOS=base\n', ...tree }),
  )
  const { unitFile, faults } = readUnitFile(
    files,
    new DropIns(files, listQuadletFiles(files)),
    `/${directory}/${name}`,
    name,
  )
  const values = unitFile
    .get('Image')
    ?.get('OS')
    ?.map(({ value }) => value)
  return { values, faults }
}
const os = (value: string) => `[Image]\nOS=${value}\n`

t.test('drop-ins, in the order of their names', t => {
  const { values, faults } = read({
    [`${usr}/web.image.d/20.conf`]: os('20'),
    [`${etc}/web.image.d/10.conf`]: os('10'),
    [`${usr}/web.image.d/30.conf.bak`]: os('30'),
    [`${usr}/image.d/15.conf`]: os('15'),
    [`${usr}/other.image.d/5.conf`]: os('5'),
  })
  t.strictSame(values, ['base', '10', '15', '20'])
  t.strictSame(faults, [])
  t.end()
})

t.test('a file that Quadlet does not read has none', t => {
  const { values } = read({ [`${usr}/web.image.d/20.conf`]: os('20') }, 'web.image', 'opt')
  t.strictSame(values, ['base'])
  t.end()
})

t.test('of each name, the first drop-in counts', t => {
  const cases: readonly [what: string, tree: Tree, value: string | undefined][] = [
    [
      '/etc first',
      { [`${etc}/web.image.d/a.conf`]: os('etc'), [`${usr}/web.image.d/a.conf`]: os('usr') },
      'etc',
    ],
    [
      'the most specific first',
      { [`${usr}/image.d/a.conf`]: os('any'), [`${usr}/web.image.d/a.conf`]: os('web') },
      'web',
    ],
    [
      'masked by an empty one',
      { [`${etc}/web.image.d/a.conf`]: '', [`${usr}/web.image.d/a.conf`]: os('usr') },
      undefined,
    ],
    [
      'masked by a link',
      {
        [`${etc}/web.image.d/a.conf`]: linkTo('/dev/null'),
        [`${usr}/web.image.d/a.conf`]: os('usr'),
      },
      undefined,
    ],
    [
      'masked in a linked directory',
      {
        [`${etc}/web.image.d`]: linkTo('/usr/dropins'),
        'usr/dropins/a.conf': linkTo('/dev/null'),
        [`${usr}/web.image.d/a.conf`]: os('usr'),
      },
      undefined,
    ],
  ]
  for (const [what, tree, value] of cases)
    t.strictSame(read(tree).values, value === undefined ? ['base'] : ['base', value], what)
  t.end()
})

t.test('drop-ins of one name that say the same about images', t => {
  const { faults } = read({
    [`${etc}/image.d/a.conf`]: '[Service]\nRestart=no\n',
    [`${usr}/web.image.d/a.conf`]: '[Service]\nRestart=always\n',
    [`${etc}/image.d/b.conf`]: os('b'),
    [`${usr}/web.image.d/b.conf`]: os('b'),
  })
  t.strictSame(faults, [])
  t.end()
})

t.test('versions of podman disagree which drop-in counts', t => {
  const { faults } = read({
    [`${etc}/image.d/a.conf`]: os('etc'),
    [`${usr}/web.image.d/a.conf`]: os('usr'),
  })
  t.match(faults, [
    {
      reason: `versions of podman disagree whether /${usr}/web.image.d/a.conf or /${etc}/image.d/a.conf counts`,
    },
  ])
  t.end()
})

t.test('those of an instance', t => {
  const { values } = read(
    {
      [`${usr}/a-b@one.image.d/1.conf`]: os('instance'),
      [`${usr}/a-b@.image.d/2.conf`]: os('template'),
      [`${usr}/a-@.image.d/3.conf`]: os('truncated template'),
      [`${usr}/a-.image.d/4.conf`]: os('truncated'),
      [`${usr}/a-b@two.image.d/5.conf`]: os('other'),
    },
    'a-b@one.image',
  )
  t.strictSame(values, ['base', 'instance', 'template', 'truncated template', 'truncated'])
  t.end()
})

t.test('faults name the drop-in', t => {
  const file = `/${usr}/web.image.d/a.conf`
  const dropIn = (text: Tree[string]) => read({ [file.slice(1)]: text }).faults
  t.match(dropIn('[Image]\nOS\n'), [{ file, line: 2, reason: /neither/ }])
  t.match(dropIn(linkTo('/nowhere')), [{ file, reason: '/nowhere does not exist in the root' }])
  t.match(dropIn(`#${' '.repeat(64 * 1024)}`), [{ file, reason: /the maximum is 65536/ }])
  t.match(dropIn('\u00ff'.repeat(3)), [{ file, line: 1 }])
  const many = Object.fromEntries(
    Array.from({ length: 101 }, (_, n) => [`${usr}/web.image.d/${n}.conf`, '#']),
  )
  t.match(read(many).faults, [{ reason: /more than 100 entries/, remedy: /merge the drop-ins/ }])
  t.end()
})

t.test('masks', t => {
  const files = new DeploymentFiles(
    makeTree(t, {
      'usr/d/null': linkTo('/dev/null'),
      'usr/d/relative': linkTo('../../dev/./null'),
      'usr/d/empty': '',
      'usr/d/to-empty': linkTo('empty'),
      'usr/d/full': ' ',
      'usr/d/to-full': linkTo('full'),
      'usr/d/dangling': linkTo('/nowhere'),
      'usr/d/directory/': '',
      'usr/link': linkTo('/usr/d'),
    }),
  )
  for (const name of ['null', 'relative', 'empty', 'to-empty'])
    for (const directory of ['/usr/d', '/usr/link'])
      t.ok(isMask(files, `${directory}/${name}`), name)
  for (const name of ['full', 'to-full', 'dangling', 'directory', 'nothing'])
    t.notOk(isMask(files, `/usr/d/${name}`), name)
  t.end()
})
