import t from 'tap'
import { boundImages, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { authJson } from '../containers-files.ts'
import { type Credentials, Lab } from '../lab.ts'

// Every file with credentials has a user of its own, so that the registry's log tells which was used.
const users = new Map(
  ['shipped', 'vendor', 'updated', 'local', 'changed', 'run', 'etc', 'lib', 'podman', 'old'].map(
    user => [user, { user, password: `password of ${user}` }],
  ),
)
const userNamed = (name: string): Credentials => {
  const user = users.get(name)
  if (user === undefined) throw new Error(`there is no user ${name}`)
  return user
}

const lab = await Lab.open()
t.teardown(() => lab.close())
const start = () => lab.registry({ users: [...users.values()] })
const registry = await start()
const wrong = { user: 'nobody', password: 'wrong' }

/** A file with the credentials of one of the users. */
const authFile = (user: string, ...scopes: readonly string[]) =>
  authJson(userNamed(user), ...(scopes.length > 0 ? scopes : [registry.address]))

/** A line of `status` about a pull that failed because there will be no such file. */
const explained = (path: string) => new RegExp(`failed .*${path}: no such file`)

t.test('AuthFile= is found where the new deployment will have it', async t => {
  const authFiles = {
    vendor: '/usr/share/shop/auth.json',
    shipped: '/etc/shop/shipped.json',
    updated: '/etc/shop/updated.json',
    local: '/etc/shop/local.json',
    changed: '/etc/shop/changed.json',
    run: '/run/shop/auth.json',
  }
  for (const user of Object.keys(authFiles)) await registry.push(`${user}:1`)
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      '/etc/shop/updated.json': authFile('old'),
      '/etc/shop/changed.json': authFile('old'),
    },
  })
  await host.commit('v2', {
    ...boundImages(
      Object.fromEntries(
        Object.entries(authFiles).map(([user, path]) => [
          `${user}.image`,
          imageSpec(registry, `${user}:1`, `AuthFile=${path}`),
        ]),
      ),
    ),
    'usr/share/shop/auth.json': authFile('vendor'),
    '/etc/shop/shipped.json': authFile('shipped'),
    '/etc/shop/updated.json': authFile('updated'),
    '/etc/shop/changed.json': authFile('vendor'),
  })
  await host.run(
    `mkdir -p /run/shop && echo '${authFile('run')}' >/run/shop/auth.json
     echo '${authFile('local')}' >/etc/shop/local.json
     echo '${authFile('changed')}' >/etc/shop/changed.json`,
  )
  registry.forget()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  for (const user of Object.keys(authFiles)) t.strictSame(registry.servedTo(user), [user], user)
  const names = Object.keys(authFiles).map(user => `${registry.address}/${user}:1`)
  t.strictSame(await imagesOn(host, names), names)

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, names), names)
  for (const user of ['shipped', 'updated', 'local', 'changed'])
    t.equal(
      (await host.run(`cat /etc/shop/${user}.json`)).stdout,
      authFile(user),
      `${user}: ostree merged it as it was looked up`,
    )
  await host.kill()
})

t.test('without AuthFile=, the first file that knows the registry counts', async t => {
  const registries = {
    run: await start(),
    etc: await start(),
    lib: await start(),
    podman: await start(),
  }
  for (const each of Object.values(registries)) await each.push('web:1')
  const { run, etc, lib, podman } = registries
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      '/etc/ostree/auth.json': authFile('old', etc.address),
      'usr/lib/ostree/auth.json': authFile('old', lib.address, podman.address),
    },
  })
  await host.commit('v2', {
    ...boundImages(
      Object.fromEntries(
        Object.entries(registries).map(([name, each]) => [
          `${name}.image`,
          imageSpec(each, 'web:1'),
        ]),
      ),
    ),
    '/etc/ostree/auth.json': authFile('etc', run.address, etc.address),
    'usr/lib/ostree/auth.json': authFile('lib', run.address, `${etc.address}/web`, lib.address),
  })
  // /run has an entry for another repository of podman's registry, which is none for this one.
  await host.run(
    `mkdir -p /run/ostree; echo '${authFile('run', run.address, `${podman.address}/we`)}' >/run/ostree/auth.json
     mkdir -p /run/containers/0
     echo '${authFile('podman', ...Object.values(registries).map(({ address }) => address))}' \\
       >/run/containers/0/auth.json`,
  )
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 0 })
  for (const [name, each] of Object.entries(registries))
    t.strictSame(each.servedTo('web'), [name], name)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  const names = Object.values(registries).map(({ address }) => `${address}/web:1`)
  t.strictSame(await imagesOn(host, names), names)
  await host.kill()
})

t.test('what the administrator deleted stays deleted, whatever the new root ships', async t => {
  for (const image of ['file', 'directory', 'fallback']) await registry.push(`${image}:1`)
  const host = await lab.host({
    v1: {
      ...fewQuickTries,
      '/etc/shop/auth.json': authFile('old'),
      '/etc/shop/more/auth.json': authFile('old'),
      '/etc/ostree/auth.json': authFile('old'),
    },
  })
  await host.commit('v2', {
    ...boundImages({
      'file.image': imageSpec(registry, 'file:1', 'AuthFile=/etc/shop/auth.json'),
      'directory.image': imageSpec(registry, 'directory:1', 'AuthFile=/etc/shop/more/new.json'),
      'fallback.image': imageSpec(registry, 'fallback:1'),
    }),
    '/etc/shop/auth.json': authFile('shipped'),
    '/etc/shop/more/new.json': authFile('shipped'),
    '/etc/ostree/auth.json': authJson(wrong, registry.address),
    'usr/lib/ostree/auth.json': authFile('lib'),
  })
  await host.run('rm -r /etc/shop/auth.json /etc/shop/more /etc/ostree/auth.json')
  registry.forget()
  await host.stage('v2')
  t.match(await host.run('systemctl start bootc-bound-images.target'), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status')
  t.match(stdout, explained('/etc/shop/auth.json'))
  t.match(stdout, explained('/etc/shop/more/new.json'))
  t.match(stdout, /fallback:1 +present /)
  t.strictSame(registry.servedTo('file'), [])
  t.strictSame(registry.servedTo('directory'), [])
  t.strictSame(registry.servedTo('fallback'), ['lib'])

  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v1', 'it is not finalized')
  t.match((await host.run('bootc-bound-images status')).stdout, explained('/etc/shop/auth.json'))
  await host.kill()
})
