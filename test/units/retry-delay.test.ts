import { spawnSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('../../units/programs/retry-delay', import.meta.url))

t.test('the delay doubles up to its limit', t => {
  // give-up keeps the count; systemctl says that it is of these attempts; sleep says how long it would.
  const path = t.testdir({
    systemctl:
      '#!/bin/sh\n[ "$*" = "show --property=NRestarts --value a.service" ] && echo "$RESTARTS"\n',
    sleep: '#!/bin/sh\necho "slept $*"\n',
    od: '#!/bin/sh\necho "  $NUMBER"\n',
  })
  spawnSync('chmod', ['+x', `${path}/systemctl`, `${path}/sleep`, `${path}/od`])
  const delay = (tries: number, seconds: number, most: number, restarts = 1, random = 0) => {
    if (tries > 0) writeFileSync(`${path}/a.service`, `${tries}\n`)
    const { status, stdout, stderr } = spawnSync(program, ['a.service', 'echo', 'begin'], {
      encoding: 'utf8',
      env: {
        PATH: `${path}:${process.env['PATH']}`,
        ATTEMPTS_DIRECTORY: path,
        RESTARTS: String(restarts),
        NUMBER: String(random),
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
  t.equal(delay(2, 5, 300, 1, 32_768), 12.5, 'a random part of up to half is added')
  t.equal(delay(1, 5, 300, 1, 65_535), 7.499)
  t.equal(delay(2, 5, 300, 0), 'begin\n', 'the count of attempts that were stopped does not count')
  t.equal(delay(0, 5, 300), 'begin\n', 'and is forgotten')
  t.end()
})

t.test('the first attempts for a staging start at the same random time', t => {
  const path = t.testdir({ sleep: '#!/bin/sh\necho "slept $*"\n', staged: 'v2', cksum: '' })
  spawnSync('chmod', ['+x', `${path}/sleep`, `${path}/cksum`])
  const start = (hash: number, most: number, secondsAgo: number) => {
    writeFileSync(`${path}/cksum`, `#!/bin/sh\necho ${hash} 5\n`)
    const staging = Date.now() / 1000 - secondsAgo
    utimesSync(`${path}/staged`, staging, staging)
    const { stdout } = spawnSync(program, ['a.service', 'echo', 'begin'], {
      encoding: 'utf8',
      env: {
        PATH: `${path}:${process.env['PATH']}`,
        ATTEMPTS_DIRECTORY: path,
        STAGED_DEPLOYMENT: `${path}/staged`,
        RANDOMIZED_DELAY_SEC: String(most),
      },
    })
    const pattern = /^starting in (.*) s \(RandomizedDelaySec=\)\nslept (.*)\nbegin\n$/u
    const [, said, slept] = pattern.exec(stdout) ?? []
    t.equal(said, slept, stdout)
    return said === undefined ? stdout : Math.ceil(Number(said) / 10) * 10
  }
  t.equal(start(1000, 0, 0), 'begin\n', 'there is no delay by default')
  t.equal(start(1000, 3600, 0), 1000)
  t.equal(start(3601 + 1000, 3600, 0), 1000)
  t.equal(start(1000, 3600, 600), 400, 'a later start waits for the rest')
  t.equal(start(1000, 3600, 1100), 'begin\n')
  t.equal(start(1000, 3600, -100_000), 3600, 'if the clock was set back, there is a limit')
  spawnSync('rm', [`${path}/staged`])
  t.equal(
    spawnSync(program, ['a.service', 'echo', 'begin'], {
      encoding: 'utf8',
      env: { ...process.env, STAGED_DEPLOYMENT: `${path}/staged`, RANDOMIZED_DELAY_SEC: '9999' },
    }).stdout,
    'begin\n',
    'nothing is staged',
  )
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
