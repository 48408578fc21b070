import { createHash } from 'node:crypto'
import t from 'tap'
import type { StoredImageFiles } from '../../lib/host/stored-image-files.ts'
import { verifyImage, WrongImageError } from '../../lib/survey/verify-image.ts'

const digestOf = (text: string, algorithm = 'sha256') =>
  `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`

const layers = ['sha256:1', 'sha256:2']
const config = JSON.stringify({ rootfs: { diff_ids: layers } })
const manifestOf = (configDigest: unknown) => JSON.stringify({ config: { digest: configDigest } })
const manifest = manifestOf(digestOf(config))
const listOf = (...digests: readonly unknown[]) =>
  JSON.stringify({ manifests: digests.map(digest => ({ digest })) })

/** An image of the store with these texts as its files. */
function stored(
  files: Readonly<Record<string, string>>,
  others: Partial<StoredImageFiles> = {},
): StoredImageFiles {
  return {
    id: 'anything',
    digest: 'sha256:0',
    names: Object.keys(files),
    read: name => {
      const text = files[name]
      if (text === undefined) throw new Error('it is gone')
      return Buffer.from(text)
    },
    layers,
    unlinkedLayer: undefined,
    ...others,
  }
}

const good = {
  [digestOf(config)]: config,
  [`manifest-${digestOf(manifest)}`]: manifest,
  manifest,
}
const pinned = `r.example/x@${digestOf(manifest)}`

t.test('an image that is what its digest names', t => {
  t.equal(verifyImage(pinned, stored(good)), 'verified')
  t.equal(verifyImage(`r.example/x@${digestOf(manifest, 'sha512')}`, stored(good)), 'verified')
  t.equal(verifyImage('r.example/x:1', stored(good)), 'contents')
  t.equal(verifyImage(pinned, stored(good, { layers: undefined })), 'unknown')
  t.end()
})

t.test('an image of a list', t => {
  const list = listOf(7, digestOf('another platform'), digestOf(manifest))
  const files = { ...good, [`manifest-${digestOf(list)}`]: list }
  t.equal(verifyImage(`r.example/x@${digestOf(list)}`, stored(files)), 'verified')
  const other = listOf(digestOf('another platform'))
  t.throws(
    () => verifyImage(`r.example/x@${digestOf(other)}`, stored({ ...good, 'manifest-x': other })),
    { message: /^none of its manifests is in the list sha256:/, isBroken: false },
  )
  t.end()
})

t.test('a manifest whose layers were encrypted', t => {
  const encrypted = JSON.stringify({ config: { digest: digestOf(config) }, layers: 'encrypted' })
  const files = { ...good, [`manifest-${digestOf(encrypted)}`]: encrypted }
  t.equal(verifyImage(`r.example/x@${digestOf(encrypted)}`, stored(files)), 'verified')
  t.end()
})

t.test('another image', t => {
  const fails = (name: string, image: StoredImageFiles, message: RegExp, isBroken: boolean) =>
    t.throws(
      () => verifyImage(name, image),
      Object.assign(new WrongImageError('', isBroken), { message }),
    )
  const replaced = { ...good, [`manifest-${digestOf(manifest)}`]: 'x', manifest: `${manifest} ` }
  fails(pinned, stored(replaced), /^none of its manifests has the digest sha256:/, false)
  fails(
    pinned,
    stored({ ...good, manifest: manifestOf('sha256:9') }),
    /^podman uses a manifest of it that does not belong to sha256:/,
    false,
  )
  fails(
    'r.example/x:1',
    stored({ ...good, [digestOf(config)]: '{}' }),
    /^its configuration does not have the digest sha256:/,
    true,
  )
  fails(
    'r.example/x:1',
    stored({}),
    /^podman's copy of its manifest is unreadable: it is gone$/,
    true,
  )
  fails(
    'r.example/x:1',
    stored({ manifest }),
    /^its manifest names the configuration sha256:\w+, which is not stored$/,
    true,
  )
  const nameless = JSON.stringify({ schemaVersion: 2 })
  const first = { [`manifest-${digestOf(nameless)}`]: nameless, manifest: nameless }
  fails(`r.example/x@${digestOf(nameless)}`, stored(first), /names no configuration/, false)
  t.equal(verifyImage('r.example/x:1', stored(first)), 'unknown')
  const old = JSON.stringify({ schemaVersion: 1 })
  const oldest = { [`manifest-${digestOf(old)}`]: old, manifest: old }
  t.equal(verifyImage(`r.example/x@${digestOf(old)}`, stored(oldest)), 'unknown')
  const signed = `r.example/x@${digestOf('without its signatures')}`
  t.equal(verifyImage(signed, stored(oldest)), 'unknown')
  const noJson = { ...first, [`manifest-${digestOf('{')}`]: '{' }
  fails(`r.example/x@${digestOf('{')}`, stored(noJson), /names no configuration/, false)
  t.end()
})

/** Why an image with these layers is not the one whose configuration names others. */
function said(wanted: unknown, found: readonly string[]): string {
  const text = JSON.stringify({ rootfs: { diff_ids: wanted } })
  const files = { [digestOf(text)]: text, manifest: manifestOf(digestOf(text)) }
  try {
    verifyImage('r.example/x:1', stored(files, { layers: found }))
  } catch (error) {
    return String(error)
  }
  return ''
}

t.test('other layers', t => {
  t.throws(() => verifyImage(pinned, stored(good, { unlinkedLayer: 'x' })), {
    message: 'its layer x is damaged',
    isBroken: true,
  })
  t.match(
    said(layers, ['sha256:1', 'sha256:3']),
    'its layers are sha256:1, sha256:3, but its configuration names sha256:1, sha256:2',
  )
  t.match(said(layers.toReversed(), layers), 'its layers are')
  t.match(said(undefined, layers), 'names none')
  t.match(said([], layers), 'names none')
  t.match(said('x', layers), 'names none')
  t.equal(said(null, []), '', 'as Go writes it')
  t.equal(said([], []), '')
  const many = Array.from({ length: 1000 }, () => 'x'.repeat(1000))
  t.match(said(many, layers), / and others$/)
  t.ok(said(many, layers).length < 500)
  t.end()
})
