import t from 'tap'
import { defaultStore, separateStore } from '../../lib/render/image-store.ts'

t.test('a store of its own does not share the notes of mounts', t => {
  t.strictSame(defaultStore.options, [])
  t.strictSame(separateStore('/var/lib/shop images'), {
    directory: '/var/lib/shop images',
    runDirectory: '/run/bootc-bound-images/store',
    options: ['--root', '/var/lib/shop images', '--runroot', '/run/bootc-bound-images/store'],
  })
  t.end()
})
