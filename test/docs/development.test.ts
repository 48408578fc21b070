import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join, relative } from 'node:path'
import t from 'tap'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const filesBelow = (directory: string) =>
  readdirSync(join(repository, directory), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(repository, join(entry.parentPath, entry.name)))
const page = read('docs/development.md')

const name = String.raw`[a-z][a-z-]*(?:\.json)?`
const directories = {
  '/run/bootc-bound-images': 'runtimeDirectory',
  '/var/lib/bootc-bound-images': 'stateDirectory',
}

/** The paths of state that a file names: each an entry of one of the two directories. */
function pathsIn(text: string): readonly string[] {
  return Object.entries(directories).flatMap(([directory, constant]) => {
    const variables = [...text.matchAll(new RegExp(`^\\s*(\\w+)=${directory}$`, 'gmu'))]
    const patterns = [
      `${directory}/(${name})`,
      String.raw`join\(${constant}, '(${name})'`,
      String.raw`\$\{${constant}\}/(${name})`,
      ...variables.map(([, variable]) => String.raw`\$\{?${variable}\}?/(${name})`),
    ]
    return patterns.flatMap(pattern =>
      [...text.matchAll(new RegExp(pattern, 'gu'))].map(([, found]) => `${directory}/${found}`),
    )
  })
}

/** By path, the files that name it. */
function findState(files: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const file of files)
    for (const path of pathsIn(read(file)))
      found.set(path, (found.get(path) ?? new Set()).add(file))
  return found
}

const rows = [...page.matchAll(/^\| `(\/[^`]*)` \| `([^`]*)` \|(.*)\|$/gmu)].map(
  ([, path = '', module = '', rest = '']) => ({
    path,
    module: `lib/${module}`,
    cells: rest.split('|').map(cell => cell.trim()),
  }),
)

t.test('the folders of lib/ are those of the tree, in the order of lint', t => {
  const documented = [...page.matchAll(/^- `lib\/([^/`]+)\/`: .+$/gmu)].map(
    ([, folder = '']) => folder,
  )
  const [, list = ''] = /^const folders = \[([^\]]*)\]/mu.exec(read('oxlint.config.ts')) ?? []
  t.strictSame(
    documented,
    [...list.matchAll(/'([^']+)'/gu)].map(([, folder]) => folder),
  )
  const tree = readdirSync(join(repository, 'lib'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
  t.strictSame(documented.toSorted(), tree.toSorted())
  t.end()
})

t.test('the table of state has the paths that the code names', t => {
  const state = findState([
    ...filesBelow('lib'),
    ...filesBelow('generator'),
    ...filesBelow('units'),
  ])
  t.strictSame(rows.map(({ path }) => path).toSorted(), [...state.keys()].toSorted())
  for (const { path, module } of rows) t.ok(state.get(path)?.has(module), `${module} names ${path}`)
  t.end()
})

t.test('each module of lib/state/ that names a path is in the table', t => {
  const owners = new Set(
    [...findState(filesBelow('lib/state')).values()].flatMap(files => [...files]),
  )
  t.strictSame(
    [...owners].toSorted(),
    [...new Set(rows.map(({ module }) => module).filter(file => owners.has(file)))].toSorted(),
  )
  t.end()
})

t.test('every row says who writes, reads and removes it, and how long it is kept', t => {
  for (const { path, cells } of rows) {
    t.equal(cells.length, 5, path)
    t.ok(cells.every(Boolean), path)
  }
  t.end()
})

t.test('the files that it names exist', t => {
  const named = [...page.matchAll(/`((?:lib|test|units|docs|generator)\/[a-z0-9/.@-]+)`/gu)]
  t.ok(named.length > 30)
  for (const [, path = ''] of named) t.ok(existsSync(join(repository, path)), path)
  t.end()
})
