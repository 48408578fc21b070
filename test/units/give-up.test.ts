import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { isPermanentError } from '../../lib/host/is-permanent-error.ts'

const program = fileURLToPath(new URL('../../units/programs/give-up', import.meta.url))

/** The last error of an attempt, as podman 5 prints it, and whether no retry can help. */
const errors = [
  ['initializing source docker://r/a:1: reading manifest 1 in r/a: manifest unknown', true],
  ['reading manifest 1 in r/a: name unknown: repository name not known to registry', true],
  ['reading manifest 1 in r/a: repository name not known to registry', true],
  ['reading manifest 1 in r/a: denied: requested access to the resource is denied', true],
  ['reading manifest 1 in r/a: denied', true],
  ['reading manifest 1 in r/a: unauthorized: authentication required', true],
  ['unable to retrieve auth token: invalid username/password: unauthorized', true],
  ['registry r is blocked in /etc/containers/registries.conf', true],
  ['Source image rejected: Running image docker://r/a:1 is rejected by policy.', true],
  ['no image found in image index for architecture "s390x"', true],
  ['pinging container registry r: Get "https://r/v2/": dial tcp: connection refused', false],
  ['reading manifest 1 in r/a: received unexpected HTTP status: 503 Service Unavailable', false],
  ['reading manifest 1 in r/a: toomanyrequests: retry later', false],
  ['pinging container registry r/denied/unauthorized: i/o timeout', false],
  ['writing blob: storing blob: no space left on device', false],
] as const

/** What give-up does after an attempt, and whether it counts it. */
const giveUp = (t: Test, error: string, attempt: number, limit = 6) => {
  const path = t.testdir({
    systemctl: `#!/bin/sh
case $* in
*NRestarts*) echo ${attempt - 1} ;;
*ExecMainPID*) echo 17 ;;
*) echo "systemctl $*" ;;
esac
`,
    journalctl: '#!/bin/sh\n[ "$1" = --sync ] || printf "%s\\n" "Trying to pull" "Error: $ERROR"\n',
    attempts: attempt === 1 ? {} : { 'a.service': `${attempt - 1}\n` },
  })
  spawnSync('chmod', ['+x', `${path}/systemctl`, `${path}/journalctl`])
  const { stdout } = spawnSync(program, ['a.service'], {
    encoding: 'utf8',
    env: {
      PATH: `${path}:${process.env['PATH']}`,
      ATTEMPTS_DIRECTORY: join(path, 'attempts'),
      SERVICE_RESULT: 'exit-code',
      RETRY_LIMIT: String(limit),
      ERROR: error,
    },
  })
  const isCounted = existsSync(join(path, 'attempts/a.service'))
  rmSync(path, { recursive: true })
  return { gaveUp: stdout.includes('systemctl stop --no-block -- a.service'), isCounted }
}

t.test('a permanent error ends the retries at the second attempt, other errors do not', t => {
  for (const [error, isPermanent] of errors) {
    t.equal(isPermanentError(error), isPermanent, error)
    t.strictSame(giveUp(t, error, 1), { gaveUp: false, isCounted: true }, error)
    const expected = { gaveUp: isPermanent, isCounted: !isPermanent }
    t.strictSame(giveUp(t, error, 2), expected, error)
  }
  t.end()
})

t.test('the last attempt is the last, whatever the error', t => {
  const [, , , , , , , , , , [passing]] = errors
  t.strictSame(giveUp(t, passing, 5), { gaveUp: false, isCounted: true })
  t.strictSame(giveUp(t, passing, 6), { gaveUp: true, isCounted: false })
  t.strictSame(giveUp(t, passing, 1, 1), { gaveUp: true, isCounted: false })
  t.end()
})
