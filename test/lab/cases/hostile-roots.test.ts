// What OS images that somebody else built can cost: `check` and the generator read them within 5 s of the processor and
// 300 MB, and write neither control characters nor long lines. No host is needed.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import t from 'tap'
import { hostileRoots, type HostileFiles } from '../hostile-roots.ts'

const maxSeconds = 5
const maxMegabytes = 300
const maxLine = 2000
// A line feed and a tab are ours.
// The expression finds control characters. That is its purpose.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const directory = mkdtempSync('/dev/shm/bootc-bound-images-hostile-')
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

function plant(root: string, files: HostileFiles): void {
  for (const [path, text] of Object.entries({ 'usr/lib/os-release': 'ID=lab\n', ...files })) {
    mkdirSync(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(join(root, path), text)
  }
}

/** Runs a program of the product, which is killed far above the limits. */
async function run(program: string, args: readonly string[]) {
  const usage = join(directory, 'usage')
  const script = join(repository, 'dist', `${program}.cjs`)
  const preload = join(repository, 'test/lab/report-usage.cjs')
  const node = [process.execPath, '--max-old-space-size=2000', '--require', preload, script]
  const { stdout, stderr, exitCode } = await execa('prlimit', ['--cpu=60', ...node, ...args], {
    env: { USAGE: usage },
    reject: false,
    maxBuffer: 100e6,
  })
  const { userCPUTime, systemCPUTime, maxRSS }: NodeJS.ResourceUsage = JSON.parse(
    readFileSync(usage, 'utf8'),
  )
  rmSync(usage)
  return {
    output: `${stdout}${stderr}`,
    exitCode,
    seconds: (userCPUTime + systemCPUTime) / 1e6,
    megabytes: maxRSS / 1000,
  }
}

for (const [what, files] of Object.entries(hostileRoots))
  t.test(what, async t => {
    const root = join(directory, 'root')
    plant(root, files)
    const target = join(directory, 'units')
    const runs = {
      check: await run('bootc-bound-images', ['check', '--root', root]),
      'check --json': await run('bootc-bound-images', ['check', '--json', '--root', root]),
      generate: await run('generate', ['--root', root, target]),
    }
    for (const [name, { output, exitCode, seconds, megabytes }] of Object.entries(runs)) {
      t.comment(name, { exitCode, seconds, megabytes, bytes: output.length })
      t.ok(exitCode === 0 || exitCode === 1, `${name} ends with ${exitCode}`, {
        output: output.slice(-500),
      })
      t.ok(seconds < maxSeconds, `${name}: ${seconds} s`)
      t.ok(megabytes < maxMegabytes, `${name}: ${megabytes} MB`)
      const longest = output.split('\n').reduce((most, line) => Math.max(most, line.length), 0)
      t.ok(longest < maxLine || name === 'check --json', `${name}: a line of ${longest}`)
      t.equal(control.exec(output)?.[0], undefined, `${name} writes no control character`)
    }
    rmSync(root, { recursive: true, force: true })
    rmSync(target, { recursive: true, force: true })
  })
