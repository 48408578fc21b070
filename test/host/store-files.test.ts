import { join } from 'node:path'
import t from 'tap'
import { borrowedLayers, manifestLayers } from '../../lib/host/store-files.ts'
import { makeTree } from '../make-tree.ts'

t.test('the layers of another store', t => {
  const root = makeTree(t, {
    'a/overlay-layers/layers.json': JSON.stringify([
      { id: 'own', parent: 'of an image' },
      { id: 'upon', parent: 'own' },
    ]),
    'a/overlay-layers/volatile-layers.json': '[{"id":"volatile","parent":"of a container"}]',
    'a/overlay-layers/layers.lock': '',
    'b/overlay-images/images.json': JSON.stringify([
      { id: 'x', layer: 'own' },
      { id: 'y', layer: 'of a tag', 'mapped-layers': ['mapped'] },
      { id: 'z', layer: '' },
    ]),
    'b/overlay-layers/layers.json': 'null',
    'b/overlay/': '',
  })
  const found = borrowedLayers([join(root, 'a'), join(root, 'b'), join(root, 'none')])
  t.strictSame([...found].toSorted(), ['mapped', 'of a container', 'of a tag', 'of an image'])
  t.end()
})

t.test('what cannot be read is an error', t => {
  const root = makeTree(t, { 'overlay-layers/layers.json': '[' })
  t.throws(() => borrowedLayers([root]))
  t.end()
})

t.test('the layers of a damaged image', t => {
  const root = makeTree(t, {
    'overlay-images/x/manifest': '{"layers":[{"digest":"sha256:1"},{"digest":"sha256:2"}]}',
    'overlay-images/y/manifest': '',
    'overlay-images/z/manifest': '{}',
    'overlay-layers/x/manifest': '{"layers":[{"digest":"sha256:3"}]}',
  })
  t.strictSame(manifestLayers([join(root, 'none'), root], 'x'), ['sha256:1', 'sha256:2'])
  for (const id of ['y', 'z', 'gone']) t.strictSame(manifestLayers([root], id), [], id)
  t.end()
})
