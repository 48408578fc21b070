import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { removeOtherFiles, writePrivateFiles } from '../../lib/state/private-files.ts'

t.test('private files, and what is left of earlier ones', t => {
  const directory = t.testdir({ old: { 'a.json': 'x', deeper: { b: 'x' } } })
  const path = join(directory, 'new/a.json')
  const file = (contents: string) => [{ path, contents: Buffer.from(contents) }]
  writePrivateFiles(file('1'))
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(join(directory, 'new')).mode & 0o777, 0o700)
  const { ino } = statSync(path)
  writePrivateFiles(file('1'))
  t.equal(statSync(path).ino, ino, 'not written again')
  writePrivateFiles(file('2'))
  t.equal(readFileSync(path, 'utf8'), '2')
  removeOtherFiles([directory, join(directory, 'missing')], file('2'))
  t.strictSame(readdirSync(directory), ['new'])
  removeOtherFiles([directory], [])
  t.notOk(existsSync(directory))
  t.end()
})
