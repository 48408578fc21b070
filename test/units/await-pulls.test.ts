import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('../../units/programs/await-pulls', import.meta.url))

t.test('waits while one of the pulls has a try to come, and not longer than it may', t => {
  // systemctl gives the next of the answers, and takes a second for it; sleep says how long it would.
  const path = t.testdir({
    systemctl: `#!/bin/sh
      [ "$*" = "show --property=ActiveState --value -- a.service b.service" ] || exit
      echo $(($(cat $ANSWERS/now) + 1)) >$ANSWERS/now
      cat $ANSWERS/next; mv $ANSWERS/last $ANSWERS/next 2>/dev/null; true\n`,
    sleep: '#!/bin/sh\necho "slept $*"\necho $(($(cat $ANSWERS/now) + $1)) >$ANSWERS/now\n',
    date: '#!/bin/sh\n[ "$*" = +%s ] && cat $ANSWERS/now\n',
  })
  spawnSync('chmod', ['+x', `${path}/systemctl`, `${path}/sleep`, `${path}/date`])
  const slept = (seconds: number, answer: string, last?: string) => {
    writeFileSync(`${path}/now`, '1795731767\n')
    writeFileSync(`${path}/next`, answer)
    if (last !== undefined) writeFileSync(`${path}/last`, last)
    const { status, stdout, stderr } = spawnSync(
      program,
      [`${seconds}`, 'a.service', 'b.service'],
      { encoding: 'utf8', env: { PATH: `${path}:${process.env['PATH']}`, ANSWERS: path } },
    )
    t.match({ status, stderr }, { status: 0, stderr: '' })
    return stdout.split('\n').filter(line => line === 'slept 1').length
  }
  for (const state of ['active', 'failed', 'inactive'])
    t.equal(slept(9, `${state}\n\nactive\n`), 0, state)
  for (const state of ['activating', 'deactivating'])
    t.equal(slept(9, `failed\n\n${state}\n`, 'failed\n\nactive\n'), 1, state)
  t.equal(slept(6, 'activating\n\ninactive\n'), 3, 'the limit holds for all together')
  t.equal(slept(0, 'activating\n\nactive\n'), 0)
  t.equal(slept(9, ''), 0, 'a systemd that does not answer')
  t.end()
})

t.test('says once what it waits for', t => {
  const path = t.testdir({ systemctl: '#!/bin/sh\necho activating\n' })
  spawnSync('chmod', ['+x', `${path}/systemctl`])
  const env = { PATH: `${path}:${process.env['PATH']}` }
  const { stdout } = spawnSync(program, ['3', 'a.service'], { encoding: 'utf8', env })
  t.equal(stdout, 'waiting for pulls that come before this one and are retried\n')
  t.end()
})
