import t from 'tap'
import { renderStoreDropIns } from '../../lib/render/render-store-drop-ins.ts'

t.test('the mounts that the shipped drop-in names need no other', t => {
  t.strictSame(renderStoreDropIns({}), [])
  const mounts = ['var.mount', 'var-lib-containers.automount', 'var-lib-containers-storage.mount']
  t.strictSame(renderStoreDropIns({ mounts }), [])
  t.end()
})

t.test('other mounts', t => {
  const files = renderStoreDropIns({
    mounts: ['var.mount', String.raw`my\x2ddata.mount`, 'a.mount'],
  })
  const gate = files.find(({ name }) => name === 'bootc-bound-images-gate.service.d/20-store.conf')
  t.match(gate?.contents, /^\[Unit\]\nAfter=a\.mount my\\x2ddata\.mount\n$/mu)
  t.equal(new Set(files.map(({ contents }) => contents)).size, 1)
  t.end()
})
