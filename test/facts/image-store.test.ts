import t from 'tap'
import {
  configuredStore,
  defaultStore,
  otherStore,
  hasAdditionalStores,
  pullStorageOptions,
  separateStore,
  storeDirectories,
} from '../../lib/facts/image-store.ts'

t.test('a store of its own does not share the notes of mounts', t => {
  t.strictSame(defaultStore.options, [])
  t.strictSame(separateStore('/var/lib/shop images'), {
    directory: '/var/lib/shop images',
    runDirectory: '/run/bootc-bound-images/store',
    options: ['--root', '/var/lib/shop images', '--runroot', '/run/bootc-bound-images/store'],
  })
  t.end()
})

t.test('what the configuration names', t => {
  const storage = { graphRoot: '/a', imageStore: undefined, additionalStores: [] }
  t.strictSame(configuredStore('/x', storage), separateStore('/x'))
  t.strictSame(configuredStore(undefined, storage), { ...defaultStore, directory: '/a' })
  t.match(configuredStore(undefined, { ...storage, imageStore: '/b' }), { imageDirectory: '/b' })
  t.end()
})

t.test('with Store=dedicated, podman reads two stores', t => {
  const dedicated = '/var/lib/shared/bootc-bound-images'
  const storage = { graphRoot: '/a', imageStore: undefined, additionalStores: [dedicated] }
  t.equal(otherStore(undefined, { ...storage, additionalStores: ['/x'] }), undefined)
  t.equal(otherStore(dedicated, { ...storage, additionalStores: [] }), undefined)
  t.equal(otherStore('/x', storage), undefined)
  t.strictSame(otherStore(undefined, storage), separateStore(dedicated))
  t.strictSame(otherStore(dedicated, storage), { ...defaultStore, directory: '/a' })
  t.match(otherStore(dedicated, { ...storage, imageStore: '/b' }), { imageDirectory: '/b' })
  t.end()
})

const info = { driver: 'overlay', version: [5, 8] } as const

const optionsOf = (graphOptions: unknown) => pullStorageOptions({ ...info, graphOptions })

t.test('a pull uses no additional image store', t => {
  t.equal(optionsOf(null), undefined)
  t.equal(optionsOf({}), undefined)
  t.equal(optionsOf({ 'overlay.mountopt': 'nodev' }), undefined)
  // podman 5.0 reports only the last store, podman 5.4 all of them
  t.strictSame(optionsOf({ 'overlay.imagestore': '/x' }), ['--storage-opt='])
  t.strictSame(optionsOf({ 'overlay.imagestore': '/x', 'overlay.mountopt': 'nodev' }), [
    '--storage-opt=overlay.mountopt=nodev',
  ])
  const program = { Executable: '/usr/bin/fuse-overlayfs', Package: 'x', Version: 'y' }
  t.strictSame(
    optionsOf({
      'overlay.additionalImageStores': ['/var/x', '/usr/x'],
      'overlay.imagestore': '/usr/x',
      'overlay.mount_program': program,
    }),
    ['--storage-opt=overlay.mount_program=/usr/bin/fuse-overlayfs'],
  )
  t.end()
})

t.test('whether there are additional stores', t => {
  t.notOk(hasAdditionalStores({ graphOptions: { 'overlay.mountopt': 'nodev' } }))
  for (const name of [
    'overlay.imagestore',
    'additionalImageStores',
    'overlay.additionallayerstore',
  ])
    t.ok(hasAdditionalStores({ graphOptions: { [name]: '/x' } }), name)
  t.end()
})

t.test('from podman 6 on, a pull syncs each layer', t => {
  const podman6 = { ...info, version: [6, 0], graphOptions: {} } as const
  const sync = '--storage-opt=overlay.sync=filesystem'
  t.strictSame(pullStorageOptions(podman6), [sync])
  // podman 6 names the additional stores in another way.
  const graphOptions = {
    additionalImageStores: ['/x'],
    imagestore: '/x',
    'overlay.mountopt': 'nodev',
  }
  t.strictSame(pullStorageOptions({ ...podman6, graphOptions }), [
    '--storage-opt=overlay.mountopt=nodev',
    sync,
  ])
  t.equal(pullStorageOptions({ ...podman6, driver: 'vfs' }), undefined)
  for (const name of ['overlay.sync', 'sync'])
    t.equal(pullStorageOptions({ ...podman6, graphOptions: { [name]: 'none' } }), undefined, name)
  t.end()
})

t.test('the directories of a store', t => {
  const store = { directory: '/a', runDirectory: '/run/a', options: [] }
  t.strictSame(storeDirectories(store), ['/a'])
  t.strictSame(storeDirectories({ ...store, imageDirectory: '/b' }), ['/a', '/b'])
  t.end()
})
