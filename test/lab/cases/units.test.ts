import t from 'tap'
import { boundImages, imageSpec, pendingUnits } from '../bound-images.ts'
import { Lab } from '../lab.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
for (const image of ['web:1', 'db:1']) await registry.push(image)

const sync = '--storage-opt=overlay.sync=filesystem'

t.test('systemd finds no fault in any unit, and the generator by hand writes the same', async t => {
  const host = await lab.host()
  await host.commit('v2', {
    ...boundImages({
      'web.image': imageSpec(registry, 'web:1', 'AuthFile=/etc/a "b" %%h \\ ;c/auth.json'),
      'db.image': imageSpec(registry, 'db:1'),
    }),
    '/etc/a "b" %h \\ ;c/auth.json': '{"auths":{}}',
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })

  const units = [
    ...(
      await host.run('cd /usr/lib/systemd/system && find bootc-* -maxdepth 0 -type f')
    ).stdout.split('\n'),
    ...(await host.run('find /run/systemd/generator/bootc-* -maxdepth 0 -type f')).stdout.split(
      '\n',
    ),
    'ostree-finalize-staged.service',
  ].map(unit => unit.replace('@.', '@success.'))
  t.equal(units.length, 18, units.join(' '))
  const verify = `systemd-analyze verify --man=no --recursive-errors=no ${units.join(' ')}`
  t.strictSame(await host.run(verify), { exitCode: 0, stdout: '', stderr: '' })

  const facts =
    '--store=/var/lib/containers/storage --knowledge=$(ls -t /run/bootc-bound-images/knowledge/* | head -n 1) --systemd-version=$(systemctl --version | sed -nE "s/^systemd ([0-9]+).*/\\1/p")'
  // It does not ask podman, of which version 6 can sync layers.
  const byHand = await host.run(
    `mkdir /tmp/one /tmp/three && cd /usr/lib/bootc-bound-images &&
     ./generate ${facts} /tmp/one && ./generate ${facts} /tmp/three /tmp/early /tmp/late &&
     cp -rL /run/bootc-bound-images/units /tmp/staged && sed -i 's/ ${sync}//' /tmp/staged/*.service &&
     diff -r /tmp/one /tmp/staged && diff -r /tmp/one /tmp/three && find /tmp/one -type f | wc -l`,
  )
  t.strictSame(byHand, { exitCode: 0, stdout: '4', stderr: '' })

  const root = (await host.run('echo /sysroot/ostree/deploy/debian/deploy/*.0')).stdout
    .split(' ')
    .map(path => `./generate ${facts} --root ${path} /tmp/root`)
  const withRoot = `cd /usr/lib/bootc-bound-images; ${root.join(' && ')} && diff -r /tmp/one /tmp/root`
  t.strictSame(await host.run(withRoot), { exitCode: 0, stdout: '', stderr: '' })
  await host.shutdown()
})

t.test('what systemd runs is what the spec says, word for word', async t => {
  const host = await lab.host()
  const directory = '/etc/a "b" %h \\ ;c $HOME'
  await host.commit('v2', {
    ...boundImages({
      'web.image': imageSpec(
        registry,
        'web:1',
        `AuthFile=${directory.replace('%', '%%').replace('$HOME', 'x')}/auth.json`,
      ),
    }),
    [`${directory.replace('$HOME', 'x')}/auth.json`]: '{"auths":{}}',
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const [unit] = await pendingUnits(host)
  const { stdout } = await host.run(
    `busctl get-property --json=short org.freedesktop.systemd1 \\
       "$(busctl call --json=short org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnit s ${unit} | jq -r '.data[0]')" \\
       org.freedesktop.systemd1.Service ExecStart | jq -c '.data[0][1]'`,
  )
  const authFile = /\/usr\/etc\/a "b" %h \\ ;c x\/auth\.json$/
  const words: readonly string[] = JSON.parse(stdout)
  t.match(
    words.filter(word => word !== sync),
    [
      '/usr/lib/bootc-bound-images/until-stalled',
      '/usr/lib/bootc-bound-images/by-digest-or-tag',
      unit,
      '8',
      '/usr/bin/skopeo',
      'copy',
      '--quiet',
      '--authfile',
      authFile,
      '--src-tls-verify=false',
      `docker://${registry.address}/web:1`,
      new RegExp(`^containers-storage:${registry.address}/web@sha256:`),
      '/usr/bin/podman',
      'image',
      'pull',
      '--authfile',
      authFile,
      '--tls-verify=false',
      new RegExp(`^${registry.address}/web@sha256:`),
    ],
  )
  await host.shutdown()
})
