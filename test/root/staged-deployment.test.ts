import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  isLocked,
  locateStagedRoot,
  parseStagedDeployment,
  readStagedFile,
  removeOurLock,
  requireKnownBackend,
  stagedDeploymentFile,
  takeLock,
} from '../../lib/root/staged-deployment.ts'

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
      parseStagedDeployment(readFileSync(fixture(file))),
      { osname: 'debian', name },
      file,
    )
  t.end()
})

t.test('a damaged file is an error, wherever it is cut or changed', t => {
  const bytes = readFileSync(fixture('staged-plain.gvariant'))
  const intact = parseStagedDeployment(bytes)
  for (let length = 0; length < bytes.length; length++)
    t.throws(() => parseStagedDeployment(bytes.subarray(0, length)), `cut at ${length}`)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    try {
      const { osname, name } = parseStagedDeployment(damaged)
      // What is damaged without harm, like the merge deployment, must not change the answer much.
      t.notOk(osname.includes('/') || osname.startsWith('.'))
      t.match(name, /^[0-9a-f]{64}\.[0-9]+$/)
      if (at > 204) t.strictSame({ osname, name }, intact)
    } catch (error) {
      t.match(error, { message: /is not a staged deployment/ })
    }
  }
  t.end()
})

t.test('names that would lead elsewhere are refused', t => {
  const bytes = readFileSync(fixture('staged-plain.gvariant'))
  const evil = Buffer.from(bytes.toString('latin1').replace('debian', '../../'), 'latin1')
  t.throws(() => parseStagedDeployment(evil), {
    cause: { message: /osname is not a directory name/ },
  })
  t.end()
})

t.test('located on a host', t => {
  const host = t.testdir({ run: {} })
  t.equal(locateStagedRoot(host), undefined, 'nothing staged')
  mkdirSync(join(host, 'run/ostree'))
  cpSync(fixture('staged-plain.gvariant'), join(host, stagedDeploymentFile))
  t.equal(
    locateStagedRoot(host),
    `${host}/sysroot/ostree/deploy/debian/deploy/e6a26157662feebe9da85d23d94e02a3c66bee5266dd212cb72540a19fff2bed.0`,
  )
  t.throws(() => readStagedFile(join(host, stagedDeploymentFile)), {
    message: /reading/,
    cause: { code: 'ENOTDIR' },
  })
  t.end()
})

t.test('staged with a backend that is not supported', t => {
  const host = t.testdir({ run: { composefs: {} } })
  requireKnownBackend(host)
  writeFileSync(join(host, 'run/composefs/staged-deployment'), '{}')
  t.throws(() => requireKnownBackend(host), {
    message: /^\/run\/composefs\/staged-deployment: .* composefs backend .* not supported/,
  })
  t.end()
})

t.test('locked by its mark, or by a file', t => {
  const host = t.testdir({ run: { ostree: {} } })
  const lock = join(host, 'run/ostree/staged-deployment-locked')
  writeFileSync(lock, '')
  t.notOk(isLocked(host), 'nothing is staged')
  cpSync(fixture('staged-plain.gvariant'), join(host, stagedDeploymentFile))
  t.ok(isLocked(host))
  takeLock(host)
  removeOurLock(host)
  t.ok(isLocked(host), 'it is not ours')
  rmSync(lock)
  takeLock(host)
  t.equal(readFileSync(lock, 'utf8'), 'bootc-bound-images\n', 'as the guard writes it')
  t.notOk(isLocked(host))
  removeOurLock(host)
  t.notOk(existsSync(lock))
  t.notOk(isLocked(host))
  cpSync(fixture('staged-locked.gvariant'), join(host, stagedDeploymentFile))
  t.ok(isLocked(host))
  t.end()
})
