import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { DropIns } from '../../lib/quadlet/drop-ins.ts'
import { listQuadletFiles } from '../../lib/quadlet/quadlet-files.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const usr = 'usr/share/containers/systemd'
const of = (tree: Tree) => {
  const files = new DeploymentFiles(makeTree(t, { [`${usr}/`]: '', ...tree }))
  const dropIns = new DropIns(files, listQuadletFiles(files))
  return (name: string) => dropIns.of(`/${usr}/${name}`, name)
}
const many = (directory: string, count: number, text: string): Tree =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`${usr}/${directory}/${n}.conf`, text]),
  )

t.test('what many files have is read once', t => {
  const read = of({ ...many('image.d', 1, '[Image]\nOS=linux\n'), ...many('b.image.d', 1, '') })
  const [first] = read('a.image')
  t.match(first, { file: `/${usr}/image.d/0.conf`, faults: [], bytes: 17 })
  t.equal(read('c.image')[0], first)
  t.strictSame(read('b.image'), [], 'masked')
  t.strictSame(read('b.image'), [])
  t.end()
})

t.test('only so much is kept of what was read', t => {
  const text = `#${' '.repeat(60_000)}`
  const names = Array.from({ length: 20 }, (_, n) => `${n}.image`)
  const read = of(Object.assign({}, ...names.map(name => many(`${name}.d`, 1, text))))
  const first = names.map(name => read(name)[0])
  const again = names.map(name => read(name)[0])
  t.strictSame(again, first)
  t.equal(again.filter((each, n) => each === first[n]).length, 17)
  t.end()
})

t.test('limits', t => {
  t.equal(of(many('image.d', 100, '#'))('a.image').length, 100)
  const more = { ...many('image.d', 60, ''), ...many('a-.image.d', 41, '#') }
  t.throws(() => of(more)('a-b.image'), {
    message: `the drop-in directories, including /${usr}/image.d, have more than 100 entries`,
    remedy: 'merge the drop-ins',
  })
  t.equal(of(more)('b.image').length, 0, 'the others can be read')
  const half = '#'.repeat(32 * 1024)
  t.equal(of(many('image.d', 2, half))('a.image').length, 2)
  t.throws(() => of(many('image.d', 2, `${half}#`))('a.image'), {
    message: 'the drop-ins exceed 65536 bytes in total',
    remedy: 'move their settings to the file',
  })
  t.end()
})
