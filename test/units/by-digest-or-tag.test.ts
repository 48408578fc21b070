import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const program = fileURLToPath(new URL('../../units/programs/by-digest-or-tag', import.meta.url))
const digest = ['echo', 'by digest', '%s']

function run(t: Test, failed: number, byTag: readonly string[]) {
  const env = {
    ...process.env,
    ATTEMPTS_DIRECTORY: t.testdir(failed === 0 ? {} : { 'a.service': `${failed}\n` }),
  }
  const args = ['a.service', `${byTag.length}`, ...byTag, ...digest]
  const { status, stdout } = spawnSync(program, args, { env, encoding: 'utf8' })
  return { status, stdout: stdout.replace(/^pulling by tag, because .*\n/u, '-> ') }
}

const failing = (line: string) => [
  'sh',
  '-c',
  'echo "Getting sources"; echo "$0" >&2; exit 2',
  line,
]
const fatal = (message: string) => failing(`time="2026" level=fatal msg="${message}"`)

t.test('every second attempt is by tag', t => {
  const byTag = ['test', 'two words', '=', 'two words']
  t.strictSame(
    [0, 1, 2, 3].map(failed => run(t, failed, byTag)),
    [0, 1, 0, 1].map(odd => ({ status: 0, stdout: odd ? '-> ' : 'by digest %s\n' })),
  )
  t.end()
})

t.test('an error is printed as podman prints it', t => {
  const message = 'reading manifest 1 in quay.io/x/a: manifest unknown'
  t.strictSame(run(t, 1, fatal(message)), { status: 1, stdout: `-> Error: ${message}\n` })
  t.strictSame(run(t, 1, failing('killed')), { status: 1, stdout: '-> Error: killed\n' })
  const moved = "Digest of source image's manifest would not match destination reference"
  t.match(run(t, 1, fatal(moved)), { status: 1, stdout: /^-> Error: the registry has another/ })
  t.end()
})
