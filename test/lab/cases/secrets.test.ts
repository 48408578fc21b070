import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { type Host, Lab, makeKeyPair } from '../lab.ts'

// Written in specs, so only podman may ever see them; a password may hold colons.
const users = [
  { user: 'shop', password: 'correct:horse' },
  { user: 'depot', password: 'battery staple' },
]
const passphrase = 'open sesame'
const secrets = [
  passphrase,
  ...users.flatMap(({ user, password }) => [password, btoa(`${user}:${password}`)]),
]
const secretsIn = (text: string) => secrets.filter(secret => text.includes(secret))

const lab = await Lab.open()
t.teardown(() => lab.close())
const closed = await lab.registry({ users })
const open = await lab.registry()
for (const image of ['key:1', 'argument:1']) await closed.push(image)
const keyPair = makeKeyPair(passphrase)
await open.pushEncrypted('locked:1', keyPair.publicKey)
const names = [
  `${closed.address}/key:1`,
  `${closed.address}/argument:1`,
  `${open.address}/locked:1`,
]

/** Whatever others than root may see of the pulls while they run. */
const whatIsSeen = `
  systemctl cat --no-pager 'bootc-*'
  systemctl show --no-pager 'bootc-*'
  cat /run/systemd/generator/bootc-*
  cat /run/bootc-bound-images/sets/*/*
  journalctl --no-pager
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'
`

/** Files below the directories that hold one of the secrets, with their modes. */
async function filesWithSecret(host: Host, ...directories: readonly string[]): Promise<string> {
  const { stdout } = await host.run(
    `cat >/tmp/patterns <<'EOF'\n${secrets.join('\n')}\nEOF
     grep --recursive --files-with-matches --devices=skip --fixed-strings --file=/tmp/patterns \\
       ${directories.join(' ')} | sort | xargs --no-run-if-empty stat --format='%a %U %n'
     rm /tmp/patterns`,
  )
  return stdout
}

t.test('secrets in specs are in no unit, no log and no list of processes', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'key.image': imageSpec(closed, 'key:1', 'Creds=shop:correct:horse'),
      'argument.image': imageSpec(
        closed,
        'argument:1',
        'PodmanArgs=--creds "depot:battery staple"',
      ),
      'locked.image': imageSpec(
        open,
        'locked:1',
        `DecryptionKey=/usr/share/shop/key.pem:${passphrase}`,
      ),
    }),
    'usr/share/shop/key.pem': { contents: keyPair.privateKey, mode: 0o600 },
  })
  await host.commit('v3', {})
  for (const registry of [closed, open])
    registry.fail({ match: '/manifests/1', delayMs: 5000, times: 2 })
  await host.stage('v2')

  const pulling = 'pgrep --count --full "^/usr/bin/podman image [p]ull"'
  const waited = await host.run(
    `for i in $(seq 100); do [ "$(${pulling})" = ${names.length} ] && exit; sleep 0.1; done; exit 1`,
  )
  t.equal(waited.exitCode, 0, 'all pulls run')
  const { stdout } = await host.run(whatIsSeen)
  t.equal((await host.run(pulling)).stdout, `${names.length}`, 'and still do')
  for (const name of names) t.match(stdout, new RegExp(`image\\npull\\n[^]*\\n${name}\\n`))
  t.strictSame(secretsIn(stdout), [])

  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.strictSame(await imagesOn(host, names), names)
  t.strictSame(closed.servedTo('key'), ['shop'])
  t.strictSame(closed.servedTo('argument'), ['depot'])
  t.strictSame(secretsIn((await host.run('bootc-bound-images status; journalctl')).stdout), [])

  const files = (await filesWithSecret(host, '/etc', '/run', '/var')).split('\n')
  t.equal(files.length, names.length, files.join(' '))
  for (const file of files) t.match(file, /^600 root \/run\/bootc-bound-images\/credentials\//)
  t.equal((await host.run('stat -c %a /run/bootc-bound-images/credentials')).stdout, '700')

  await host.stage('v3')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  t.equal(await filesWithSecret(host, '/etc', '/run', '/var'), '', 'nothing is kept needlessly')

  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  // Not all of /run: there, Quadlet's own units show to everybody what the specs say.
  t.equal(await filesWithSecret(host, '/etc', '/run/bootc-bound-images', '/var'), '')
  await host.kill()
})

t.test('a wrong secret is told without telling it', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', {
    ...boundImages({
      'key.image': imageSpec(closed, 'key:1', 'Creds=depot:correct:horse'),
      'locked.image': imageSpec(
        open,
        'locked:1',
        'DecryptionKey=/usr/share/shop/key.pem:correct horse',
      ),
      'broken.image': imageSpec(closed, 'argument:1', 'Creds=correct horse'),
    }),
    'usr/share/shop/key.pem': { contents: keyPair.privateKey, mode: 0o600 },
  })
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status; journalctl --boot')
  t.match(stdout, /key:1 +failed .*(?:authentication required|unauthorized)/)
  // The padding of what a wrong passphrase decrypts is right for one key in 256: not a wrong
  // passphrase then, but no key.
  t.match(stdout, /locked:1 +failed .*(?:Wrong password|missing private key needed)/)
  t.match(stdout, /broken\.image .*, line 4, Creds=: not a user and a password/)
  t.notMatch(stdout, /correct.horse|open sesame/)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1')
  await host.kill()
})
