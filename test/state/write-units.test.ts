import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeUnits } from '../../lib/state/write-units.ts'

t.test('units are written into a directory that may not exist yet, and over old ones', t => {
  const directory = join(t.testdir({}), 'a/b')
  writeUnits(directory, [{ name: 'x.target', contents: 'old' }])
  writeUnits(directory, [
    { name: 'x.target', contents: 'new' },
    { name: 'y.service', contents: '' },
  ])
  t.strictSame(readdirSync(directory).toSorted(), ['x.target', 'y.service'])
  t.equal(readFileSync(join(directory, 'x.target'), 'utf8'), 'new')
  t.end()
})

t.test('everybody may read them, whatever the umask', t => {
  const directory = t.testdir({})
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))
  const modes = { 'x.target': '100644', 'x.service.d': '40755', 'x.service.d/a.conf': '100644' }
  writeUnits(directory, [
    { name: 'x.target', contents: '' },
    { name: 'x.service.d/a.conf', contents: '' },
  ])
  for (const [name, mode] of Object.entries(modes))
    t.equal(statSync(join(directory, name)).mode.toString(8), mode, name)
  t.end()
})
