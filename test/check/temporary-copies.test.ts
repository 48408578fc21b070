import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { withTemporaryCopies } from '../../lib/check/temporary-copies.ts'
import { credentialsDirectory } from '../../lib/directories.ts'

const path = join(credentialsDirectory, 'a/auth.json')
const files = [{ path, contents: Buffer.from('secret') }]

t.test('a copy that only the user can read, for as long as it is used', async t => {
  const parent = t.testdir({})
  const copy = await withTemporaryCopies(
    files,
    async inPlace => {
      const option = inPlace(`--authfile=${path}`)
      t.ok(option.startsWith(`--authfile=${parent}/`))
      const place = option.replace('--authfile=', '')
      t.equal(readFileSync(place, 'utf8'), 'secret')
      t.equal(statSync(place).mode & 0o777, 0o600)
      t.equal(statSync(dirname(place)).mode & 0o777, 0o700)
      t.equal(inPlace('--quiet'), '--quiet')
      return place
    },
    [join(parent, 'missing'), parent],
  )
  t.notOk(existsSync(copy))
  t.strictSame(existsSync(parent), true)
})

t.test('it is gone after a failure too', async t => {
  const parent = t.testdir({})
  let copy = ''
  const use = withTemporaryCopies(
    files,
    async inPlace => {
      copy = inPlace(path)
      throw new Error('no answer')
    },
    [parent],
  )
  await t.rejects(use, { message: 'no answer' })
  t.ok(copy.startsWith(parent))
  t.notOk(existsSync(copy))
})

const where = () => withTemporaryCopies(files, async inPlace => inPlace(path))

t.test('where copies are made', async t => {
  const parent = t.testdir({})
  t.intercept(process, 'env', { value: { ...process.env, TMPDIR: parent } })
  t.ok((await where()).startsWith(parent))
  t.intercept(process, 'env', { value: { ...process.env, TMPDIR: undefined } })
  t.ok((await where()).startsWith('/dev/shm/'))
})

t.test('without credentials, nothing is written', async t => {
  t.equal(await withTemporaryCopies([], async inPlace => inPlace('x'), []), 'x')
})

t.test('no place for a copy', async t => {
  await t.rejects(
    withTemporaryCopies(files, async () => '', [join(t.testdir({}), 'missing')]),
    { message: /^there is no place for a copy of its credentials: ENOENT/, remedy: /TMPDIR/ },
  )
})
