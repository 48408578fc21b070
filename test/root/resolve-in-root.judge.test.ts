// The kernel is the judge of how a path resolves in a root: openat2(2) with RESOLVE_IN_ROOT.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { resolveInRoot, UnresolvedPath } from '../../lib/root/resolve-in-root.ts'
import { seed } from '../judges/seed.ts'
import { directories, paths, plant } from '../judges/trees.ts'

const codes = { missing: 'ENOENT', loop: 'ELOOP', 'not-a-directory': 'ENOTDIR' } as const

const openat2 = join(import.meta.dirname, '../judges/openat2')

function kernel(root: string, paths: readonly string[]): readonly string[] {
  const input = paths.map(path => `${path}\0`).join('')
  return execFileSync(openat2, [root], { input, encoding: 'utf8' }).split('\0').slice(0, -1)
}

function ours(root: string, path: string): string {
  try {
    return `/${resolveInRoot(root, path)}`
  } catch (error) {
    if (error instanceof UnresolvedPath) return codes[error.code]
    throw error
  }
}

t.setTimeout(600_000)

t.test('random paths in random trees', t => {
  const outcomes = new Map<string, number>()
  const root = join(t.testdir(), 'root')
  const property = fc.property(
    directories,
    fc.array(paths, { minLength: 1, maxLength: 20, size: 'max' }),
    (tree, paths) => {
      plant(root, tree)
      try {
        for (const [index, expected] of kernel(root, paths).entries()) {
          const path = paths[index] ?? ''
          const found = ours(root, path)
          if (found !== expected) throw new Error(`${path}: ${found}, the kernel: ${expected}`)
          const outcome = expected.startsWith('/') ? 'found' : expected
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        }
      } finally {
        rmSync(root, { recursive: true })
      }
    },
  )
  t.doesNotThrow(() => fc.assert(property, { seed, numRuns: 300 }))
  t.comment(`SEED=${seed}:`, Object.fromEntries(outcomes))
  for (const outcome of ['found', ...Object.values(codes)])
    t.ok((outcomes.get(outcome) ?? 0) >= 100, `${outcome} is among the outcomes`)
  t.end()
})

t.test('chains of links around the limit', t => {
  for (const length of [39, 40, 41]) {
    const links = Array.from({ length }, (_, n) => [`l${n}`, { linkTo: `l${n + 1}` }])
    const root = join(t.testdir(), `${length}`)
    plant(root, { directory: { ...Object.fromEntries(links), [`l${length}`]: 'a file' } })
    t.equal(ours(root, 'l0'), kernel(root, ['l0'])[0], `${length} links`)
  }
  t.end()
})
