import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeUnits } from '../lib/write-units.ts'

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
