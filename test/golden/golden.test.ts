import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { checkRoot } from '../../lib/check/check-root.ts'
import { formats } from '../../lib/check/report.ts'
import { defaultSettings } from '../../lib/config/settings.ts'
import { planRequest } from '../../lib/request/plan-request.ts'
import { readRequest } from '../../lib/request/request.ts'
import { render } from '../render-root.ts'
import { defaultStore, separateStore } from '../../lib/facts/image-store.ts'
import { describeProblem } from '../../lib/text/fault.ts'
import { writeUnits } from '../../lib/state/write-units.ts'
import { makeTree } from '../make-tree.ts'

// Each directory NN-name holds a root, maybe the host that is updated, and in expected/ the units that it must
// lead to, the files that only root may read, what check prints about the root, and the problems that must be reported. UPDATE_GOLDEN=1 writes what is found; read the difference before you commit it.

const goldenDirectory = fileURLToPath(new URL('.', import.meta.url))
const checksum = '27cb693e8e9d13822db1da8fbdf28a5fdef799b5217d904a6f3d78b1aa11db29'
const facts = {
  systemdVersion: 257,
  podmanVersion: [5, 4] as const,
  imageStore: defaultStore,
  settings: defaultSettings,
  temporaryDirectory: '/var/tmp',
  libraryDirectory: '/usr/lib/bootc-bound-images',
}

const cases = readdirSync(goldenDirectory, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

for (const name of cases)
  t.test(name, t => {
    const host = t.testdir({})
    const root = join(host, 'sysroot/ostree/deploy/debian/deploy', `${checksum}.0`)
    copy(join(goldenDirectory, name, 'host'), host)
    copy(join(goldenDirectory, name, 'root'), root)
    const request = readRequest(root, { ...facts, hostRoot: host })
    t.equal(basename(request.root), `${checksum}.0`)
    const problems = request.problems.flatMap(describeProblem)
    const units = render(request, facts)
    const found = [
      ...units,
      ...request.privateFiles.map(file => ({
        name: file.path.slice(1),
        contents: file.contents.toString(),
      })),
      {
        name: 'check.txt',
        contents: formats.text(checkRoot(root)).replaceAll(`${root}/`, ''),
      },
      { name: 'problems.txt', contents: problems.map(line => `${line}\n`).join('') },
    ]
      .filter(({ contents }) => contents !== '')
      .map(file => ({ ...file, contents: file.contents.replaceAll(host, '') }))
    const expected = join(goldenDirectory, name, 'expected')
    if (process.env['UPDATE_GOLDEN'] === '1') {
      rmSync(expected, { recursive: true, force: true })
      for (const { name: file, contents } of found)
        writeUnits(dirname(join(expected, file)), [{ name: basename(file), contents }])
    }
    mkdirSync(expected, { recursive: true })
    for (const { name: unit, contents } of units)
      t.notMatch(unit + contents, 'hunter2', 'no password')
    t.strictSame(found.map(file => file.name).toSorted(), filesBelow(expected), 'the same files')
    for (const { name: file, contents } of found)
      t.equal(contents, readFileSync(join(expected, file), 'utf8'), file)
    t.end()
  })

t.test('an AuthFile= that is no regular file is never opened', t => {
  const root = makeTree(t, {
    'usr/lib/bootc/bound-images.d/x.image':
      '[Image]\nImage=quay.io/x/a:1\nAuthFile=/usr/lib/directory\n',
    'usr/lib/directory/': '',
  })
  const texts = render(readRequest(root, { ...facts, hostRoot: undefined }), facts).map(
    unit => unit.contents,
  )
  t.match(texts.join(''), '--authfile /usr/lib/directory/is-not-a-regular-file quay.io/x/a:1')
  t.end()
})

t.test('systemd 252 does not know RestartMode=', t => {
  const request = readRequest(join(goldenDirectory, '01-example/root'), {
    ...facts,
    hostRoot: undefined,
  })
  const texts = render(request, { ...facts, systemdVersion: 252 }).map(unit => unit.contents)
  t.notMatch(texts.join(''), /RestartMode/)
  t.match(texts.join(''), /TimeoutStartSec/)
  t.end()
})

t.test(
  'systemd 252 lets others begin after a first failed try, so these wait for themselves',
  t => {
    const inLine = {
      ...facts,
      settings: { ...defaultSettings, maxParallel: 1, pullTimeoutSec: 60 },
    }
    const request = readRequest(join(goldenDirectory, '08-toml-and-kube/root'), {
      ...inLine,
      hostRoot: undefined,
    })
    const waits = (systemdVersion: number) =>
      render(request, { ...inLine, systemdVersion }).flatMap(
        ({ contents }) => /^ExecStartPre=.*await-pulls (.*)$/mu.exec(contents)?.[1] ?? [],
      )
    const others = planRequest(request, inLine.settings).pulls.flatMap(({ after }) => after)
    t.ok(others.length > 0)
    t.strictSame(waits(252).toSorted(), others.map(unit => `45 ${unit}`).toSorted())
    t.strictSame(waits(254), [])
    t.end()
  },
)

t.test('what podman is configured to write to can be written', t => {
  const request = readRequest(join(goldenDirectory, '02-one-request-of-two-specs/root'), {
    ...facts,
    hostRoot: undefined,
  })
  const pathsWith = (more: Partial<typeof facts>) =>
    /^ReadWritePaths=(.*)$/mu.exec(
      render(request, { ...facts, ...more }).find(({ name }) => name.endsWith('/20-host.conf'))
        ?.contents ?? '',
    )?.[1]
  const imageStore = { directory: '/srv/100% mine', runDirectory: '/run/x', options: [] }
  t.equal(pathsWith({ imageStore }), '"-/srv/100%% mine" -/run/x')
  t.equal(
    pathsWith({ imageStore: separateStore('/srv'), temporaryDirectory: '/srv' }),
    '-/srv -/run/bootc-bound-images/store',
  )
  t.equal(
    pathsWith({ temporaryDirectory: '/data/tmp' }),
    '-/var/lib/containers/storage -/run/containers/storage -/data/tmp',
  )
  t.end()
})

function copy(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted()
}
