import t from 'tap'
import { defaultSettings } from '../../lib/config/settings.ts'
import { defaultStore, separateStore, type ImageStore } from '../../lib/render/image-store.ts'
import { pullSteps, recordName } from '../../lib/render/pull-steps.ts'
import { makeImage } from '../plan/make-image.ts'

const unit = 'bootc-pending-0000000000000000-image.service'
const name = 'bootc-pending-0000000000000000-image'
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
    mark: ['/opt/lib/mark-pull', name],
    pull: ['/usr/bin/podman', 'image', 'pull', 'quay.io/x/a:1'],
    sync: ['/usr/bin/sync', '-f', '/var/lib/containers/storage'],
    record: ['/opt/lib/record-pull', name, 'quay.io/x/a:1'],
    unmark: ['/opt/lib/unmark-pull', name, '/var/lib/containers/storage'],
  })
  t.end()
})

t.test('every step has the same store', t => {
  const store = separateStore('/srv/images')
  t.strictSame(stepsIn(store), {
    mark: ['/opt/lib/mark-pull', name],
    pull: ['/usr/bin/podman', ...store.options, 'image', 'pull', 'quay.io/x/a:1'],
    sync: ['/usr/bin/sync', '-f', '/srv/images'],
    record: ['/opt/lib/record-pull', name, 'quay.io/x/a:1', ...store.options],
    unmark: ['/opt/lib/unmark-pull', name, '/srv/images'],
  })
  t.end()
})

t.test('a record is named for its unit', t => {
  t.equal(recordName(unit), name)
  t.end()
})
