import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const program = fileURLToPath(new URL('../../units/programs/until-stalled', import.meta.url))

async function run(t: Test, script: string) {
  const child = spawn(program, ['sh', '-c', script], {
    env: { ...process.env, STALL_TIMEOUT_SEC: '3' },
    cwd: t.testdir({}),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', data => (stdout += String(data)))
  const [status, signal]: unknown[] = await once(child, 'exit')
  return { status, signal, stdout }
}

t.jobs = 5
t.test('a command that does nothing is killed', async t => {
  t.strictSame(await run(t, 'echo begin; exec sleep 60 >&-'), {
    status: null,
    signal: 'SIGKILL',
    stdout: 'begin\nError: nothing was received for 3 s (StallTimeoutSec=)\n',
  })
})

t.test('so is one that only wakes itself, as Go does', async t => {
  const wakes = String.raw`exec perl -e 'for (1..300) { syswrite(STDOUT, "1234567\n"); select(undef, undef, undef, 0.1) }' >.log`
  t.match(await run(t, wakes), { signal: 'SIGKILL' })
})

t.test('one that does a little now and then is not', async t => {
  const little = 'for i in 1 2 3 4 5 6; do sleep 1; echo some bytes more; done >.log; exit 7'
  t.strictSame(await run(t, little), { status: 7, signal: null, stdout: '' })
})

t.test('nor one whose child does', async t => {
  const little = '(for i in 1 2 3 4 5 6; do sleep 1; echo some bytes more; done >.log); exit 7'
  t.strictSame(await run(t, little), { status: 7, signal: null, stdout: '' })
})

t.test('nor one that waits for a lock', async t => {
  const waits = 'flock .lock sleep 7 & sleep 0.5; exec flock .lock echo got it'
  t.strictSame(await run(t, waits), { status: 0, signal: null, stdout: 'got it\n' })
})
