import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('../../units/programs/retry-delay', import.meta.url))

t.test('the delay doubles up to its limit', t => {
  // give-up keeps the count; systemctl says that it is of these attempts; sleep says how long it would.
  const path = t.testdir({
    systemctl:
      '#!/bin/sh\n[ "$*" = "show --property=NRestarts --value a.service" ] && echo "$RESTARTS"\n',
    sleep: '#!/bin/sh\necho "slept $*"\n',
  })
  spawnSync('chmod', ['+x', `${path}/systemctl`, `${path}/sleep`])
  const delay = (tries: number, seconds: number, most: number, restarts = 1) => {
    if (tries > 0) writeFileSync(`${path}/a.service`, `${tries}\n`)
    const { status, stdout, stderr } = spawnSync(program, ['a.service', 'echo', 'begin'], {
      encoding: 'utf8',
      env: {
        PATH: `${path}:${process.env['PATH']}`,
        ATTEMPTS_DIRECTORY: path,
        RESTARTS: String(restarts),
        RETRY_DELAY_SEC: String(seconds),
        RETRY_MAX_DELAY_SEC: String(most),
      },
    })
    t.match({ status, stderr }, { status: 0, stderr: '' })
    const [, said, slept] = /^retrying in (.*) s\nslept (.*)\nbegin\n$/u.exec(stdout) ?? []
    t.equal(said, slept, stdout)
    return said === undefined ? stdout : Number(said)
  }
  t.equal(delay(0, 5, 300), 'begin\n', 'the first attempt is at once')
  t.strictSame(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map(tries => delay(tries, 5, 300)),
    [5, 10, 20, 40, 80, 160, 300, 300, 300],
  )
  t.strictSame(
    [1, 2, 99].map(tries => delay(tries, 0, 300)),
    [0, 0, 0],
  )
  t.strictSame(
    [1, 2, 99].map(tries => delay(tries, 7, 7)),
    [7, 7, 7],
  )
  t.strictSame(
    [1, 2, 99].map(tries => delay(tries, 60, 2)),
    [2, 2, 2],
    'the limit comes first',
  )
  t.equal(delay(100, 3600, 86_400), 86_400)
  t.equal(delay(2, 5, 300, 0), 'begin\n', 'the count of attempts that were stopped does not count')
  t.equal(delay(0, 5, 300), 'begin\n', 'and is forgotten')
  t.end()
})

t.test('a systemd that does not answer is a failed attempt', t => {
  const path = t.testdir({ systemctl: '#!/bin/sh\nexit 1\n', 'a.service': '1\n' })
  spawnSync('chmod', ['+x', `${path}/systemctl`])
  const env = {
    PATH: `${path}:${process.env['PATH']}`,
    ATTEMPTS_DIRECTORY: path,
    RETRY_DELAY_SEC: '1',
  }
  t.match(spawnSync(program, ['a.service', 'true'], { env }), { status: 1 })
  t.end()
})
