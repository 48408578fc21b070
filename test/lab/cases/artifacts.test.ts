import t, { type Test } from 'tap'
import { boundImages, fewQuickTries } from '../bound-images.ts'
import { insecureRegistries } from '../containers-files.ts'
import { type Host, Lab } from '../lab.ts'
import { fromContainer, pausingProgram } from '../pausing-program.ts'
import { isAtRest, until } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const at = (image: string) => `${registry.address}/${image}`
await registry.push('app:1', {
  files: { pause: { contents: pausingProgram(), mode: 0o755 } },
  cmd: ['/pause'],
})

const insecure = { '/etc/containers/registries.conf.d/shop.conf': insecureRegistries(registry) }
const mounting = (artifact: string) =>
  boundImages({
    'app.container': [
      '[Container]',
      `Image=${at('app:1')}`,
      'Network=none',
      'CgroupsMode=disabled',
      `Mount=type=artifact,source=${at(artifact)},dst=/w`,
      '',
    ].join('\n'),
  })

/** The file of the artifact with this name. */
const read = async (host: Host, name: string): Promise<string> => {
  const { stdout } = await host.run(
    `podman artifact inspect ${at(name)} | grep -A1 octet-stream | sed -n 's/.*"sha256:\\(.*\\)".*/\\1/p' |
     tail -n 1 | xargs -I{} cat /var/lib/containers/storage/artifacts/blobs/sha256/{}`,
  )
  return stdout
}
/** What a container of the service sees; where podman is older than 5.5, which mounts no artifacts, the file itself. */
const mounted = async (host: Host, name: string): Promise<string> => {
  const { stdout } = await host.run('podman --version')
  const [, major = '', minor = ''] = /(\d+)\.(\d+)/u.exec(stdout) ?? []
  if (Number(major) === 5 && Number(minor) < 5) return read(host, name)
  return (await host.run(`systemctl start app.service && ${fromContainer('/w')}`)).stdout
}
const areListed = async (t: Test, host: Host) =>
  t.match(await host.run('podman artifact ls'), { exitCode: 0 }, 'podman can list its artifacts')

const upgrade = async (t: Test, host: Host, version: string, files: object) => {
  await host.commit(version, { ...insecure, ...files })
  await host.stage(version)
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 }, version)
}

const reboot = async (t: Test, host: Host, version: string) => {
  await registry.stop()
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), version)
  await registry.start()
}

t.test('the old OS stays without an artifact, and the new one has it offline', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', { ...insecure, ...mounting('late:1') })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  t.match(await host.run('bootc-bound-images status'), { stdout: `${at('late:1')} ` })

  await registry.pushArtifact('late:1', 'late')
  await until(host, isAtRest)
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  const status = JSON.parse((await host.run('bootc-bound-images status --json')).stdout)
  t.match(status.images, [{ state: 'present' }, { state: 'present', kind: 'artifact' }])
  await reboot(t, host, 'v2')
  t.equal(await mounted(host, 'late:1'), 'late')
  await areListed(t, host)
  await host.kill()
})

t.test('a tag moves with the OS, and back', async t => {
  const host = await lab.host()
  await registry.pushArtifact('model:1', 'one')
  await upgrade(t, host, 'v2', mounting('model:1'))
  await reboot(t, host, 'v2')
  await registry.pushArtifact('model:1', 'two')
  await upgrade(t, host, 'v3', mounting('model:1'))
  t.equal(await read(host, 'model:1'), 'one', 'the running OS keeps its artifact')
  await areListed(t, host)
  await reboot(t, host, 'v3')
  t.equal(await read(host, 'model:1'), 'two')
  await areListed(t, host)
  await host.run('ostree admin set-default 1')
  await reboot(t, host, 'v2')
  t.equal(await mounted(host, 'model:1'), 'one', 'after a rollback')

  await upgrade(t, host, 'v4', { 'usr/share/x': 'x' })
  await reboot(t, host, 'v4')
  await upgrade(t, host, 'v5', { 'usr/share/x': 'y' })
  await reboot(t, host, 'v5')
  await host.run('systemctl start bootc-bound-images.target')
  await until(host, isAtRest)
  const list = await host.run('podman artifact ls --noheading')
  t.match(list, { exitCode: 0, stdout: '' }, 'artifacts that no deployment needs are removed')
  await host.kill()
})

t.test('two artifacts at once, one that is damaged, and one of somebody else', async t => {
  const host = await lab.host({ v1: insecure })
  await registry.pushArtifact('theirs:1', 'theirs')
  t.match(await host.run(`podman artifact pull ${at('theirs:1')}`), { exitCode: 0 })
  await registry.pushArtifact('left:1', 'left')
  const digest = await registry.pushArtifact('right:1', 'right')
  const files = {
    ...mounting('left:1'),
    ...boundImages({
      'right.artifact': `[Artifact]\nArtifact=${at('right')}@${digest}\nRetry=1\n`,
    }),
  }
  await upgrade(t, host, 'v2', files)
  const blob = `$(grep -lx left -r /var/lib/containers/storage/artifacts/blobs | head -n 1)`
  await host.run(`truncate --size=1 ${blob}`)
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await reboot(t, host, 'v2')
  t.equal(await read(host, 'left:1'), 'left')
  t.match(await host.run(`podman artifact inspect ${at('right')}@${digest}`), { exitCode: 0 })
  t.equal(await read(host, 'theirs:1'), 'theirs')
  await areListed(t, host)
  await host.kill()
})
