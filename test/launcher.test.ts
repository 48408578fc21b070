import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const launcher = fileURLToPath(new URL('../lib/commands/launcher', import.meta.url))

/** Installs a program that says which Node runs it with which words. */
function install(t: Test, nodes: Readonly<Record<string, string>>) {
  const directory = t.testdir({ bin: {}, lib: { 'package.json': '{ "type": "module" }' } })
  const add = (path: string, text: string) => {
    writeFileSync(join(directory, path), text)
    chmodSync(join(directory, path), 0o755)
  }
  for (const [name, version] of Object.entries(nodes))
    add(
      `bin/${name}`,
      `#!/bin/sh\n[ "$1" != --version ] || { echo '${version}'; exit; }\necho "${name}" "$@"\n`,
    )
  copyFileSync(launcher, join(directory, 'lib/program'))
  mkdirSync(join(directory, 'bin'), { recursive: true })
  symlinkSync('../lib/program', join(directory, 'bin/program'))
  for (const tool of ['sh', 'readlink'])
    symlinkSync(`/usr/bin/${tool}`, join(directory, 'bin', tool))
  const run = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(join(directory, 'bin/program'), words, {
      encoding: 'utf8',
      env: { PATH: join(directory, 'bin') },
    })
    return { status, stdout, stderr }
  }
  return { directory, run }
}

t.test('the first Node that is new enough', t => {
  const cases: readonly [nodes: Readonly<Record<string, string>>, expected: string][] = [
    [{ node: 'v22.0.0' }, 'node'],
    [{ node: 'v100.1.2', 'node-26': 'v26.1.0' }, 'node'],
    [{ node: 'v20.19.2', 'node-26': 'v26.1.0', 'node-24': 'v24.0.0' }, 'node-26'],
    [{ node: 'v9.9.9', 'node-24': 'v24.0.0', 'node-22': 'v22.0.0' }, 'node-24'],
    [{ 'node-22': 'v22.0.0' }, 'node-22'],
    [{ node: '', 'node-22': 'v22.0.0' }, 'node-22'],
    [{ node: 'something else', 'node-22': 'v22.0.0' }, 'node-22'],
  ]
  for (const [nodes, expected] of cases) {
    const { directory, run } = install(t, nodes)
    t.strictSame(
      run('gate', 'a  b', ''),
      { status: 0, stdout: `${expected} ${directory}/lib/program.cjs gate a  b \n`, stderr: '' },
      expected,
    )
  }
  t.end()
})

t.test('none that is new enough', t => {
  const without = install(t, {})
  t.strictSame(without.run(), {
    status: 1,
    stdout: '',
    stderr: `program: Node.js 22 or newer is needed, and PATH (${without.directory}/bin) has none: install it, or install this program with RUNTIME=bundled, which brings its own\n`,
  })
  t.match(install(t, { node: 'v20.19.2', 'node-22': 'v21.0.0' }).run(), {
    status: 1,
    stderr: /bin\) has node v20\.19\.2, node-22 v21\.0\.0: install it/,
  })
  t.end()
})
