import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { generate, readRequest } from '../../lib/generate.ts'
import { describeProblem } from '../../lib/spec/fault.ts'
import { writeUnits } from '../../lib/write-units.ts'

// Each directory NN-name holds a root and, in expected/, the units it must lead to and the problems that
// must be reported. UPDATE_GOLDEN=1 writes what is found; read the difference before you commit it.

const goldenDirectory = fileURLToPath(new URL('.', import.meta.url))
const checksum = '27cb693e8e9d13822db1da8fbdf28a5fdef799b5217d904a6f3d78b1aa11db29'
const facts = {
  systemdVersion: 257,
  podmanVersion: [5, 4] as const,
  imageStore: '/var/lib/containers/storage',
  libraryDirectory: '/usr/lib/bootc-bound-images',
}

const cases = readdirSync(goldenDirectory, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

for (const name of cases)
  t.test(name, t => {
    const host = t.testdir({})
    const root = join(host, 'sysroot/ostree/deploy/debian/deploy', `${checksum}.0`)
    cpSync(join(goldenDirectory, name, 'root'), root, { recursive: true, verbatimSymlinks: true })
    const request = readRequest(root, { ...facts, hostRoot: host })
    t.equal(basename(request.root), `${checksum}.0`)
    const units = generate(request, facts).map(unit => ({
      ...unit,
      contents: unit.contents.replaceAll(host, ''),
    }))
    const problems = request.problems.flatMap(describeProblem)
    const found = [
      ...units,
      ...(problems.length > 0
        ? [{ name: 'problems.txt', contents: `${problems.join('\n')}\n` }]
        : []),
    ]
    const expected = join(goldenDirectory, name, 'expected')
    mkdirSync(expected, { recursive: true })
    if (process.env['UPDATE_GOLDEN'] === '1') {
      rmSync(expected, { recursive: true })
      writeUnits(expected, found)
    }
    t.strictSame(
      found.map(file => file.name).toSorted(),
      readdirSync(expected).toSorted(),
      'the same files',
    )
    for (const { name: file, contents } of found)
      t.equal(contents, readFileSync(join(expected, file), 'utf8'), file)
    t.end()
  })

t.test('an AuthFile= that is no regular file is never opened', t => {
  const root = t.testdir({ usr: { lib: { bootc: { 'bound-images.d': {} } } } })
  writeFileSync(join(root, 'usr/x.image'), '[Image]\nImage=a\nAuthFile=/dev/zero\n')
  symlinkSync('/usr/x.image', join(root, 'usr/lib/bootc/bound-images.d/x.image'))
  const texts = generate(readRequest(root, { ...facts, hostRoot: host }), facts, '/').map(
    unit => unit.contents,
  )
  t.match(texts.join(''), '--authfile /dev/zero/is-not-a-regular-file a')
  t.end()
})

t.test('systemd 252 does not know RestartMode=', t => {
  const request = readRequest(join(goldenDirectory, '01-example/root'))
  const texts = generate(request, { ...facts, systemdVersion: 252 }, '/').map(unit => unit.contents)
  t.notMatch(texts.join(''), /RestartMode/)
  t.match(texts.join(''), /RestartSec/)
  t.end()
})

t.test('a directory without an operating system is not an empty request', t => {
  t.throws(() => readRequest(t.testdir({})), { message: /is not the root of a deployment/ })
  t.throws(() => readRequest(t.testdir({ usr: 'a file' })), { message: /is not the root/ })
  t.throws(() => readRequest('/nowhere'), { message: /\/nowhere is not the root/ })
  t.end()
})
