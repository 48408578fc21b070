import t from 'tap'
import { defaultStore, keptStorageOptions, separateStore } from '../../lib/facts/image-store.ts'

t.test('a store of its own does not share the notes of mounts', t => {
  t.strictSame(defaultStore.options, [])
  t.strictSame(separateStore('/var/lib/shop images'), {
    directory: '/var/lib/shop images',
    runDirectory: '/run/bootc-bound-images/store',
    options: ['--root', '/var/lib/shop images', '--runroot', '/run/bootc-bound-images/store'],
  })
  t.end()
})

const kept = (graphOptions: unknown) =>
  keptStorageOptions(graphOptions, path => !path.startsWith('/usr/'))

t.test('a pull does not use stores that come and go with the OS image', t => {
  t.equal(kept(null), undefined)
  t.equal(kept({}), undefined)
  // a podman that tells only the last store
  t.equal(kept({ 'overlay.mountopt': 'nodev' }), undefined)
  t.strictSame(kept({ 'overlay.imagestore': '/var/x' }), ['--storage-opt='])
  t.strictSame(kept({ 'overlay.imagestore': '/usr/x' }), ['--storage-opt='])
  t.strictSame(kept({ 'overlay.imagestore': '/usr/x', 'overlay.mountopt': 'nodev' }), [
    '--storage-opt=overlay.mountopt=nodev',
  ])
  // podman 5.4
  t.equal(
    kept({ 'overlay.additionalImageStores': ['/var/x'], 'overlay.imagestore': '/var/x' }),
    undefined,
  )
  const program = { Executable: '/usr/bin/fuse-overlayfs', Package: 'x', Version: 'y' }
  t.strictSame(
    kept({
      'overlay.additionalImageStores': ['/var/x', '/usr/x'],
      'overlay.imagestore': '/usr/x',
      'overlay.mount_program': program,
    }),
    [
      '--storage-opt=overlay.mount_program=/usr/bin/fuse-overlayfs',
      '--storage-opt=additionalimagestore=/var/x',
    ],
  )
  t.end()
})
