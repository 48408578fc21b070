import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

t.test('every folder of tests is run', t => {
  const folders = new Set(globSync('*/*.test.ts', { cwd: import.meta.dirname }).map(dirname))
  t.ok(folders.size > 10)
  for (const folder of folders)
    t.ok(existsSync(join(import.meta.dirname, folder, 'all.ts')), folder)
  t.end()
})
