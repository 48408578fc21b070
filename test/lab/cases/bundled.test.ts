// The executable that brings its own Node, beside the script on a host that has one. (RUNTIME=bundled test/lab/on runs
// any case on hosts without Node.)
import { execFileSync } from 'node:child_process'
import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Lab } from '../lab.ts'

const repository = join(import.meta.dirname, '../../..')
const lab = await Lab.open()
t.teardown(() => lab.close())

t.test('size, and time to say its version', async t => {
  execFileSync('flock', ['dist/.lock', 'make', '--silent', 'RUNTIME=bundled'], {
    cwd: repository,
    env: { ...process.env, MAKEFLAGS: '' },
  })
  const bundled = join(repository, 'dist/bundled/bootc-bound-images')
  const host = await lab.host()
  copyFileSync(bundled, join(host.var, 'bundled'))
  const times: Record<string, number> = {}
  for (const program of ['/var/bundled', '/usr/bin/bootc-bound-images']) {
    const { exitCode, stdout } = await host.run(`
      export TIMEFORMAT=%R
      for i in 1 2 3 4 5 6 7 8 9 10 11; do time ${program} --version; done 2>&1
    `)
    t.equal(exitCode, 0)
    const lines = stdout.split('\n')
    t.strictSame(new Set(lines.filter(line => /^\d+\.\d+\.\d+$/u.test(line))), new Set(['0.1.0']))
    const seconds = lines.filter(line => /^\d+\.\d+$/u.test(line)).map(Number)
    t.equal(seconds.length, 11)
    times[program] = seconds.toSorted((a, b) => a - b)[5] ?? 0
  }
  const [ours, script] = Object.values(times).map(seconds => Math.round(seconds * 1000))
  const mebibytes = Math.round(statSync(bundled).size / 2 ** 20)
  process.stderr.write(
    `bundled: ${mebibytes} MiB; --version takes ${ours} ms, ${script} ms by the script (median of 11)\n`,
  )
  await host.shutdown()
})
