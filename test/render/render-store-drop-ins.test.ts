import t from 'tap'
import { defaultStore, separateStore } from '../../lib/facts/image-store.ts'
import { renderStoreDropIns } from '../../lib/render/render-store-drop-ins.ts'

t.test('the mounts that the shipped drop-in names need no other', t => {
  t.strictSame(renderStoreDropIns({ imageStore: defaultStore }), [])
  const mounts = ['var.mount', 'var-lib-containers.automount', 'var-lib-containers-storage.mount']
  t.strictSame(renderStoreDropIns({ mounts, imageStore: defaultStore }), [])
  t.end()
})

t.test('other mounts', t => {
  const files = renderStoreDropIns({
    imageStore: defaultStore,
    mounts: ['var.mount', String.raw`my\x2ddata.mount`, 'a.mount'],
  })
  const gate = files.find(({ name }) => name === 'bootc-bound-images-gate.service.d/20-store.conf')
  t.match(gate?.contents, /^\[Unit\]\nAfter=a\.mount my\\x2ddata\.mount\n$/mu)
  t.equal(new Set(files.map(({ contents }) => contents)).size, 1)
  t.end()
})

t.test('what podman mounts in a store elsewhere', t => {
  const names = renderStoreDropIns({ imageStore: separateStore('/.data/a-b/c é') }).map(
    ({ name }) => name,
  )
  const unit = String.raw`\x2edata-a\x2db-c\x20\xc3\xa9-overlay`
  t.strictSame(names, [
    `${unit}.mount.d/50-bootc-bound-images-overlay.conf`,
    `${unit}-.mount.d/50-bootc-bound-images-overlay.conf`,
  ])
  t.end()
})
