// Whether the lab's hosts of bootc's composefs backend are what they stand for, without the product.
import t from 'tap'
import { backend, type Host, Lab } from '../lab.ts'

const lab = await Lab.open({ product: false })
t.teardown(() => lab.close())

const { mark } = backend
const say = async (host: Host, script: string) => (await host.run(script)).stdout
const stagedId = (host: Host) => say(host, `jq -r .depl_id ${mark}`)

t.test('a host boots an image, and an update with its merged /etc', async t => {
  const v1 = { '/etc/deleted': '1', '/etc/changed': '1', '/etc/same': '1', '/etc/dir/kept': '1' }
  const host = await lab.host({ v1 })
  t.equal(await say(host, 'systemctl is-system-running; systemctl --failed --no-legend'), 'running')
  const booted = await say(host, `findmnt -no SOURCE / | sed 's/^composefs://'`)
  t.match(booted, /^[0-9a-f]{128}$/)
  t.match(await host.run(`grep -w composefs=${booted} /proc/cmdline`), { exitCode: 0 })
  t.match(await host.run(`tr '\\0' '\\n' </proc/1/cmdline | grep -x composefs=${booted}`), {
    exitCode: 0,
  })
  t.equal(await say(host, 'ls -d /run/ostree-booted /usr/etc /run/composefs'), '')
  t.equal(await say(host, 'stat -c %a /sysroot/composefs'), '700')
  for (const path of ['/usr/x', '/sysroot/x'])
    t.match(await host.run(`touch ${path}`), { stderr: 'Read-only file system' }, path)

  await host.commit('v2', {
    '/etc/deleted': '2',
    '/etc/changed': '2',
    '/etc/same': '2',
    '/etc/new': '2',
    'usr/share/large': 'x'.repeat(1e4),
    'usr/bin/jq': undefined,
  })
  await host.run(
    'rm /etc/deleted; echo mine >/etc/changed; touch /etc/same; chmod 600 /etc/dir/kept; ln -s x /etc/link',
  )
  await host.stage('v2')
  const staged = await stagedId(host)
  t.equal(await say(host, `cat ${mark}`), `{"depl_id":"${staged}","finalization_locked":false}`)
  t.equal(await say(host, `stat -c %a ${mark} /run/composefs`), '644\n755')
  t.match(await say(host, `cat /sysroot/state/deploy/${staged}/${staged}.origin`), 'debian:v2')
  t.equal(await say(host, `cat /sysroot/state/deploy/${staged}/etc/changed`), '2')
  t.strictSame(host.bootableVersions(), ['v1'])

  await host.shutdown()
  t.strictSame(host.bootableVersions(), ['v2', 'v1'])
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.match(await host.run('cd /etc; cat changed same new dir/kept; readlink link; ls deleted'), {
    stdout: 'mine\n221x',
    stderr: /cannot access 'deleted'/,
  })
  t.equal(await say(host, 'stat -c %a /etc/dir/kept'), '600')
  t.equal(await say(host, `wc -c </usr/share/large; ls /usr/bin/jq ${mark}`), '10000')
  await host.shutdown()
})

t.test('the root of an image is mounted by bootc, and by hand', async t => {
  const host = await lab.host()
  await host.commit('v2', { '/etc/x': 'x' })
  await host.stage('v2')
  const id = await stagedId(host)
  const cfs = '/sysroot/composefs'
  const byHand = `mkdir /run/erofs && mount -t erofs ${cfs}/images/${id} /run/erofs &&
    mount -t overlay composefs:${id} /run/root -o ro,metacopy=on,redirect_dir=on,lowerdir=/run/erofs::${cfs}/objects`
  for (const how of [`bootc internals cfs mount ${id} /run/root`, byHand]) {
    t.strictSame(await host.run(`mkdir -p /run/root && ${how}`), {
      exitCode: 0,
      stdout: '',
      stderr: '',
    })
    t.equal(
      await say(host, 'findmnt -no SOURCE /run/root; cat /run/root/etc/x'),
      `composefs:${id}\nx`,
    )
    t.match(await host.run('cmp /run/root/usr/bin/podman /usr/bin/podman'), { exitCode: 0 })
    await host.run('umount /run/root')
  }
  t.match(
    await host.run(
      'mkdir /run/now && mount --bind / /run/now && touch /etc/y && ls /run/now/etc/y',
    ),
    {
      exitCode: 2,
    },
  )
  await host.kill()
})

t.test('a staging that cannot be, and one that is taken back', async t => {
  const host = await lab.host()
  await host.commit('v2', { '/etc/x': 'x' })
  await host.run('mkdir /etc/x')
  await t.rejects(host.stage('v2'), /x is a directory on one side only/)
  await host.run('rmdir /etc/x')
  await host.stage('v2')
  t.match(await host.run(backend.unstageCommand), { exitCode: 0 })
  t.equal(await say(host, 'ls /sysroot/state/deploy | wc -l'), '1')
  await host.shutdown()
  t.strictSame(host.bootableVersions(), ['v1'])
})

t.test('a soft reboot into what is staged', async t => {
  const host = await lab.host()
  await host.commit('v2', { 'usr/share/x': '2' })
  await host.stage('v2')
  const id = await stagedId(host)
  await host.run(`echo mine >/etc/mine; ${backend.prepareSoftReboot('v2')}`)
  await host.run('systemctl --no-block soft-reboot')
  await host.untilSoftRebooted()
  t.equal(
    await say(host, 'findmnt -no SOURCE /; cat /etc/mine /usr/share/x'),
    `composefs:${id}\nmine\n2`,
  )
  t.strictSame(host.bootableVersions(), ['v2', 'v1'])
  await host.kill()
})

t.test('what is staged is lost without a shutdown, by a rollback, and stays locked', async t => {
  const host = await lab.host()
  await host.commit('v2', { 'usr/share/x': '2' })
  await host.commit('v3', { 'usr/share/x': '3' })
  await host.stage('v2')
  await host.kill()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')

  t.match(await host.run('bootc switch --download-only v2'), { exitCode: 0 })
  t.match(await say(host, `cat ${mark}`), /"finalization_locked":true/)
  t.match(await host.stage('v2'), { stdout: 'No changes in staged image' })
  await host.shutdown()
  t.strictSame(host.bootableVersions(), ['v1'])
  await host.boot()
  await host.run('bootc switch --download-only v2 && bootc upgrade --from-downloaded')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')

  await host.stage('v3')
  t.equal(await say(host, 'ls /sysroot/state/deploy | wc -l'), '3')
  await host.rollback()
  t.equal(await say(host, `ls -d ${mark} /sysroot/boot/loader/entries.staged`), '')
  t.strictSame(host.bootableVersions(), ['v1', 'v2'])
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})
