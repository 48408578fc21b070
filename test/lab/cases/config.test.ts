import t from 'tap'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())

const file = 'bootc-bound-images.conf'

t.test('config prints what holds on the host, and reads what it printed', async t => {
  const host = await lab.host({
    v1: {
      [`usr/lib/${file}`]: '[BoundImages]\nRetryLimit=9\nGate=ja\nColour=blue\n',
      [`usr/lib/${file}.d/10-vendor.conf`]: '[BoundImages]\nRetryLimit=8\n',
      [`usr/etc/${file}.d/50-site.conf`]: '[BoundImages]\nGate=warn\nStore=/var/lib/images/\n',
    },
  })
  const printed = await host.run('bootc-bound-images config')
  t.equal(printed.exitCode, 0)
  t.match(printed.stdout, `# /etc/${file}.d/50-site.conf:2\nGate=warn\n# default\nMaxParallel=16\n`)
  t.match(printed.stdout, `# /usr/lib/${file}.d/10-vendor.conf:2\nRetryLimit=8\n`)
  t.match(printed.stdout, `# /etc/${file}.d/50-site.conf:3\nStore=/var/lib/images\n`)
  t.match(
    printed.stderr,
    /^warning: \S+conf, line 4, Colour=: .*\nwarning: \S+, line 3, Gate=: .*$/,
  )
  const asUser = 'setpriv --reuid=65534 --clear-groups bootc-bound-images config --json'
  const { settings, files } = JSON.parse((await host.run(asUser)).stdout)
  t.match(settings, { gate: 'warn', retryLimit: 8, retryDelaySec: 5, store: '/var/lib/images' })
  t.equal(files.length, 3)
  const again = await host.run(`
    bootc-bound-images config 2>/dev/null >/run/${file}
    mv /run/${file} /etc/${file}
    bootc-bound-images config --json
  `)
  t.strictSame(JSON.parse(again.stdout).settings, settings)
  const broken = await host.run(`
    mkdir /run/${file}.d
    printf '[BoundImages]\nMaxParallel=many\nStore=/usr/lib/bootc/storage\n' >/run/${file}.d/x.conf
    mkfifo /etc/${file}.d/y.conf
    bootc-bound-images config
  `)
  t.match(broken, { exitCode: 1, stdout: '' })
  t.match(broken.stderr, `/etc/${file}.d/y.conf: this is a FIFO, not a regular file\n`)
  t.match(broken.stderr, `/run/${file}.d/x.conf, line 2, MaxParallel=: this is not a whole number;`)
  t.match(broken.stderr, `/run/${file}.d/x.conf, line 3, Store=: this is a store of bootc, which `)
  await host.kill()
})
