import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requireKnownBackend } from '../../lib/backend/host-backend.ts'
import { ostree } from '../../lib/backend/ostree.ts'
import { makeTree } from '../make-tree.ts'

const { isLocked, isLockOurs, removeOurLock, stagedFile, takeLock } = ostree
const parse = (bytes: Buffer) => ostree.parseStaged('/', bytes)
const fixture = (name: string) => new URL(`../fixtures/staged-deployment/${name}`, import.meta.url)

t.test('real files of ostree 2022.7, 2025.2 and 2026.4', t => {
  const plain = 'e6a26157662feebe9da85d23d94e02a3c66bee5266dd212cb72540a19fff2bed.0'
  const names: Readonly<Record<string, string>> = {
    'staged-ostree2022.7.gvariant':
      'ede61fc3447a327097368e436dcc3ea7cfdb9509a6d5724298b5fd98ff33e31c.0',
    'staged-plain.gvariant': plain,
    'staged-locked.gvariant': plain,
    'staged-kargs.gvariant': '27cb693e8e9d13822db1da8fbdf28a5fdef799b5217d904a6f3d78b1aa11db29.0',
    'staged-ostree2026.4.gvariant':
      '25ddd684794a8e2dc96f19c459dbb72592adc14d0d9bb713b8a96fba38849d55.0',
  }
  for (const [file, name] of Object.entries(names))
    t.strictSame(
      parse(readFileSync(fixture(file))),
      { name, root: `/sysroot/ostree/deploy/debian/deploy/${name}` },
      file,
    )
  t.end()
})

t.test('a damaged file is an error, wherever it is cut or changed', t => {
  const bytes = readFileSync(fixture('staged-plain.gvariant'))
  const intact = parse(bytes)
  for (let length = 0; length < bytes.length; length++)
    t.throws(() => parse(bytes.subarray(0, length)), `cut at ${length}`)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    try {
      const { root, name } = parse(damaged)
      const osname = root.split('/')[4] ?? ''
      // What is damaged without harm, like the merge deployment, must not change the answer much.
      t.notOk(osname.startsWith('.'))
      t.match(name, /^[0-9a-f]{64}\.[0-9]+$/)
      if (at > 204) t.strictSame({ root, name }, intact)
    } catch (error) {
      t.match(error, { message: /is not a staged deployment/ })
    }
  }
  t.end()
})

t.test('names that would lead elsewhere are refused', t => {
  const bytes = readFileSync(fixture('staged-plain.gvariant'))
  const evil = Buffer.from(bytes.toString('latin1').replace('debian', '../../'), 'latin1')
  t.throws(() => parse(evil), {
    cause: { message: /osname is not a directory name/ },
  })
  t.end()
})

t.test('read on a host', t => {
  const host = t.testdir({ run: {} })
  t.equal(ostree.readStaged(host), undefined, 'nothing staged')
  t.equal(ostree.stagingTime(host), undefined)
  mkdirSync(join(host, 'run/ostree'))
  cpSync(fixture('staged-plain.gvariant'), join(host, stagedFile))
  t.strictSame(ostree.readStaged(host), readFileSync(fixture('staged-plain.gvariant')))
  t.ok(ostree.stagingTime(host))
  t.throws(() => ostree.readStaged(join(host, stagedFile)), {
    message: /reading/,
    cause: { code: 'ENOTDIR' },
  })
  t.end()
})

t.test('staged in another way than the host was booted', t => {
  const host = makeTree(t, { 'run/composefs/': '' })
  t.throws(() => requireKnownBackend(host), { message: /neither with ostree .* nor / })
  mkdirSync(join(host, 'run/ostree'))
  writeFileSync(join(host, 'run/ostree-booted'), '')
  writeFileSync(join(host, 'run/ostree/staged-deployment'), '')
  requireKnownBackend(host)
  writeFileSync(join(host, 'run/composefs/staged-deployment'), '{}')
  t.throws(() => requireKnownBackend(host), {
    message: /^\/run\/composefs\/staged-deployment: .* does not fit how this host was booted/,
  })
  t.end()
})

t.test('locked by its mark, or by a file', t => {
  const host = t.testdir({ run: { ostree: {} } })
  const lock = join(host, 'run/ostree/staged-deployment-locked')
  writeFileSync(lock, '')
  t.notOk(isLocked(host), 'nothing is staged')
  cpSync(fixture('staged-plain.gvariant'), join(host, stagedFile))
  t.ok(isLocked(host))
  takeLock(host)
  removeOurLock(host)
  t.ok(isLocked(host), 'it is not ours')
  t.notOk(isLockOurs(host))
  rmSync(lock)
  t.throws(() => takeLock(join(host, 'missing')), { code: 'ENOENT' })
  symlinkSync('nowhere', lock)
  t.throws(() => takeLock(host), { code: 'EEXIST' })
  t.equal(readlinkSync(lock), 'nowhere', 'what somebody else has put there meanwhile stays')
  rmSync(lock)
  takeLock(host)
  t.equal(readFileSync(lock, 'utf8'), 'bootc-bound-images\n', 'as the guard writes it')
  t.notOk(isLocked(host))
  t.ok(isLockOurs(host))
  removeOurLock(host)
  t.notOk(isLockOurs(host))
  t.notOk(existsSync(lock))
  t.notOk(isLocked(host))
  cpSync(fixture('staged-locked.gvariant'), join(host, stagedFile))
  t.ok(isLocked(host))
  t.end()
})
