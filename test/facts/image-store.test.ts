import t from 'tap'
import {
  configuredStore,
  defaultStore,
  otherStore,
  ownStorageOptions,
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

t.test('a pull uses no additional image store', t => {
  t.equal(ownStorageOptions(null), undefined)
  t.equal(ownStorageOptions({}), undefined)
  t.equal(ownStorageOptions({ 'overlay.mountopt': 'nodev' }), undefined)
  // podman 5.0 reports only the last store, podman 5.4 all of them
  t.strictSame(ownStorageOptions({ 'overlay.imagestore': '/x' }), ['--storage-opt='])
  t.strictSame(ownStorageOptions({ 'overlay.imagestore': '/x', 'overlay.mountopt': 'nodev' }), [
    '--storage-opt=overlay.mountopt=nodev',
  ])
  const program = { Executable: '/usr/bin/fuse-overlayfs', Package: 'x', Version: 'y' }
  t.strictSame(
    ownStorageOptions({
      'overlay.additionalImageStores': ['/var/x', '/usr/x'],
      'overlay.imagestore': '/usr/x',
      'overlay.mount_program': program,
    }),
    ['--storage-opt=overlay.mount_program=/usr/bin/fuse-overlayfs'],
  )
  t.end()
})

t.test('the directories of a store', t => {
  const store = { directory: '/a', runDirectory: '/run/a', options: [] }
  t.strictSame(storeDirectories(store), ['/a'])
  t.strictSame(storeDirectories({ ...store, imageDirectory: '/b' }), ['/a', '/b'])
  t.end()
})
