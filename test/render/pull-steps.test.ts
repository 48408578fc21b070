import t from 'tap'
import { defaultSettings } from '../../lib/config/settings.ts'
import { defaultStore, separateStore, type ImageStore } from '../../lib/render/image-store.ts'
import { pullSteps, recordName } from '../../lib/render/pull-steps.ts'
import { makeImage } from '../plan/make-image.ts'

const unit = 'bootc-pending-0000000000000000-image.service'
const stepsIn = (imageStore: ImageStore) =>
  pullSteps(
    { unit, boundImage: makeImage('one'), entries: [], after: undefined },
    {
      podmanVersion: [5, 4],
      imageStore,
      libraryDirectory: '/opt/lib',
      settings: defaultSettings,
    },
  )

t.test('the store that podman uses by itself', t => {
  t.strictSame(stepsIn(defaultStore), {
    pull: ['/usr/bin/podman', 'image', 'pull', 'quay.io/x/a:1'],
    sync: ['/usr/bin/sync', '-f', '/var/lib/containers/storage'],
    record: ['/opt/lib/record-pull', 'bootc-pending-0000000000000000-image', 'quay.io/x/a:1'],
  })
  t.end()
})

t.test('every step has the same store', t => {
  const store = separateStore('/srv/images')
  t.strictSame(stepsIn(store), {
    pull: ['/usr/bin/podman', ...store.options, 'image', 'pull', 'quay.io/x/a:1'],
    sync: ['/usr/bin/sync', '-f', '/srv/images'],
    record: [
      '/opt/lib/record-pull',
      'bootc-pending-0000000000000000-image',
      'quay.io/x/a:1',
      ...store.options,
    ],
  })
  t.end()
})

t.test('a record is named for its unit', t => {
  t.equal(recordName(unit), 'bootc-pending-0000000000000000-image')
  t.end()
})
