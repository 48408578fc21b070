import { join } from 'node:path'
import t from 'tap'
import { findStoredImage } from '../../lib/host/stored-image-files.ts'
import { makeTree } from '../make-tree.ts'

const image = {
  id: 'one',
  digest: 'sha256:a',
  names: ['r.example/x@sha256:a', 'r.example/x:1'],
  layer: 'top',
  'big-data-names': ['manifest', 'manifest-sha256:a', 7],
}
const layers = [
  { id: 'base', 'diff-digest': 'sha256:1' },
  { id: 'top', parent: 'base', 'diff-digest': 'sha256:2' },
]

const storeOf = (images: unknown, others: unknown = layers) => ({
  'overlay/base/link': 'B',
  'overlay/top/link': 'T',
  'overlay/top/lower': 'l/B',
  'overlay-images/images.json': JSON.stringify(images),
  'overlay-layers/layers.json': JSON.stringify(others),
})

t.test('an image with its files and layers', t => {
  const root = makeTree(t, {
    ...storeOf([{ id: 'other' }, image]),
    'overlay-images/one/manifest': 'm',
    // echo -n manifest-sha256:a | base64
    'overlay-images/one/=bWFuaWZlc3Qtc2hhMjU2OmE=': 'by digest',
    'overlay-images/one/=Li4=': 'not the directory above',
  })
  const found = findStoredImage([join(root, 'none'), root], 'r.example/x:1')
  t.match(found, { id: 'one', digest: 'sha256:a', layers: ['sha256:1', 'sha256:2'] })
  t.equal(found?.unlinkedLayer, undefined)
  t.strictSame(found?.names, ['manifest', 'manifest-sha256:a'])
  t.equal(String(found?.read('manifest')), 'm')
  t.equal(String(found?.read('manifest-sha256:a')), 'by digest')
  t.equal(String(found?.read('..')), 'not the directory above')
  t.throws(() => found?.read('gone'), { code: 'ENOENT' })
  t.end()
})

t.test('an image by another name, or by a part of it', t => {
  const root = makeTree(t, storeOf([image, { id: 'two', names: null }]))
  for (const name of ['r.example/y:1', 'r.example/x', 'one'])
    t.equal(findStoredImage([root], name), undefined, name)
  t.end()
})

t.test('layers that are not all recorded', t => {
  const layersOf = (...args: Parameters<typeof storeOf>) =>
    findStoredImage([makeTree(t, storeOf(...args))], 'r.example/x:1')?.layers
  t.strictSame(layersOf([{ ...image, layer: undefined }]), [], 'an image without layers')
  t.strictSame(layersOf([{ ...image, layer: '' }]), [])
  t.equal(layersOf([image], layers.slice(1)), undefined, 'in another store')
  t.equal(layersOf([image], [{ id: 'top', 'toc-digest': 'sha256:3' }]), undefined)
  const circle = [{ id: 'top', parent: 'top', 'diff-digest': 'sha256:2' }]
  t.equal(layersOf([image], circle), undefined, 'a circle ends')
  t.end()
})

t.test('layers that a power failure has disconnected', t => {
  const unlinked = (files: Parameters<typeof makeTree>[1]) =>
    findStoredImage([makeTree(t, files)], 'r.example/x:1')?.unlinkedLayer
  const store = storeOf([image])
  t.equal(unlinked({ ...store, 'overlay/top/lower': '' }), 'top')
  t.equal(unlinked({ ...store, 'overlay/base/link': '' }), 'base')
  const { 'overlay/base/link': _link, ...rest } = store
  t.equal(unlinked(rest), 'base')
  const graphRoot = makeTree(t, { 'overlay-layers/layers.json': JSON.stringify(layers) })
  const { 'overlay-layers/layers.json': _list, ...imageStore } = store
  const both = [graphRoot, makeTree(t, imageStore)]
  t.equal(findStoredImage(both, 'r.example/x:1')?.unlinkedLayer, undefined, 'with imagestore')
  const vfs = Object.entries(store).map(([path, text]) => [path.replace('overlay-', 'vfs-'), text])
  t.equal(unlinked(Object.fromEntries(vfs)), undefined, 'other drivers have no such files')
  t.end()
})

t.test('a list that would lead out of the store', t => {
  for (const id of ['../x', 'a b', 'a\nb', ''])
    t.throws(() => findStoredImage([makeTree(t, storeOf([{ ...image, id }]))], 'r.example/x:1'), {
      message: /^podman's list of images has .* as an ID or a digest$/,
    })
  t.end()
})
