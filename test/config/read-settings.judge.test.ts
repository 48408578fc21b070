// systemd is the judge of which files count, and in which order: systemd-analyze(1), cat-config.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { configurationDirectories, readSettings } from '../../lib/config/read-settings.ts'
import { seed } from '../judges/seed.ts'
import { addToTree, type Tree } from '../make-tree.ts'

t.setTimeout(600_000)

const file = 'bootc-bound-images.conf'
const names = ['10-a', '10-B', '9', 'é', 'z', '.h', 'a b'].map(name => `${file}.d/${name}.conf`)
const paths = configurationDirectories.flatMap(directory =>
  [file, ...names, `${file}.d/a.conf~`].map(name => `${directory}/${name}`),
)

/** What a path holds: its own name, a link to a file that does, or what hides others. */
const contents = {
  text: path => `[X-Path]\nPath=${path}\n`,
  // Relative: systemd-analyze follows absolute links out of its root.
  link: path => ({ link: relative(dirname(path), '/usr/share/linked') }),
  mask: () => ({ link: '/dev/null' }),
  empty: () => '',
} as const satisfies Record<string, (path: string) => Tree[string]>

const trees = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(...paths),
      fc.constantFrom('text', 'text', 'text', 'link', 'mask', 'empty'),
    ),
    { selector: ([path]) => path, maxLength: 24, size: 'max' },
  )
  .map(entries => Object.fromEntries(entries.map(([path, kind]) => [path, contents[kind](path)])))

/** The files that hold something, by the comment in front of each. */
function systemd(root: string): readonly string[] {
  const output = execFileSync('systemd-analyze', [`--root=${root}`, 'cat-config', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  return [...output.matchAll(/^# (.*)\n\[X-Path\]$/gmu)].map(([, path = '']) =>
    path.slice(root.length),
  )
}

t.test('random files', t => {
  const root = join(t.testdir(), 'root')
  let found = 0
  const property = fc.property(trees, tree => {
    addToTree(root, { 'usr/share/linked': '[X-Path]\n', 'etc/': '', ...tree })
    try {
      const { files } = readSettings(root)
      const expected = systemd(root)
      if (files.join('\n') !== expected.join('\n'))
        throw new Error(`${files.join(', ')}; systemd: ${expected.join(', ')}`)
      found += files.length
    } finally {
      rmSync(root, { recursive: true })
    }
  })
  t.doesNotThrow(() => fc.assert(property, { seed, numRuns: 200 }))
  t.comment(`SEED=${seed}: ${found} files`)
  t.ok(found >= 300)
  t.end()
})
