import t from 'tap'
import { parseImageSource, refuseOtherName } from '../../lib/bound-images/image-source.ts'
import { makeContext } from './make-context.ts'

const digest = `sha256:${'0'.repeat(64)}`

t.test('images of registries', t => {
  const context = makeContext(t, {
    'etc/containers/registries.conf': 'unqualified-search-registries = ["docker.io"]',
  })
  const cases: readonly [text: string, image: string, registry: string][] = [
    ['quay.io/a/b:1', 'quay.io/a/b:1', 'quay.io'],
    ['quay.io/a/b', 'quay.io/a/b:latest', 'quay.io'],
    [`quay.io/a/b:1@${digest}`, `quay.io/a/b@${digest}`, 'quay.io'],
    ['docker://quay.io/a:1', 'quay.io/a:1', 'quay.io'],
    ['localhost:5000/a:1', 'localhost:5000/a:1', 'localhost:5000'],
    ['alpine:3', 'docker.io/library/alpine:3', 'docker.io'],
    ['docker:24', 'docker.io/library/docker:24', 'docker.io'],
    ['constructor:1', 'docker.io/library/constructor:1', 'docker.io'],
  ]
  for (const [text, image, registry] of cases)
    t.strictSame(
      { ...parseImageSource(text, undefined, context) },
      { image, identity: image, name: image, registry },
      text,
    )
  t.end()
})

t.test('images in files', t => {
  const context = makeContext(t, { 'usr/x.tar': '', 'usr/oci/': '' })
  const { root } = context
  const cases: readonly [text: string, tag: string, image: string, name: string][] = [
    ['docker-archive:/usr/x.tar', 'quay.io/a:1', `docker-archive:${root}/usr/x.tar`, 'quay.io/a:1'],
    [
      'docker-archive:/usr/x.tar:a:1',
      'a:1',
      `docker-archive:${root}/usr/x.tar:a:1`,
      'localhost/a:1',
    ],
    [
      'docker-archive:/usr/x.tar:@0',
      'localhost/a',
      `docker-archive:${root}/usr/x.tar:@0`,
      'localhost/a:latest',
    ],
    ['oci-archive:/usr/x.tar', 'a/b', `oci-archive:${root}/usr/x.tar`, 'localhost/a/b:latest'],
    ['oci:/usr/oci:1', 'a', `oci:${root}/usr/oci:1`, 'localhost/a:latest'],
    ['dir:/var/a:b', 'a', 'dir:/var/a:b', 'localhost/a:latest'],
    ['dir:/usr/oci', 'a', `dir:${root}/usr/oci`, 'localhost/a:latest'],
    ['dir:/var/new', 'a', 'dir:/var/new', 'localhost/a:latest'],
  ]
  for (const [text, tag, image, name] of cases)
    t.strictSame(
      { ...parseImageSource(text, tag, context) },
      { image, identity: `${text} as ${name}`, name, registry: undefined },
      text,
    )
  t.end()
})

t.test('what cannot be bound', t => {
  const context = makeContext(t, { 'usr/x.tar': '', 'usr/oci/': '' })
  const cases: readonly [text: string, tag: string | undefined, reason: RegExp][] = [
    ['a b', undefined, /not an image reference/],
    ['docker://docker://a', undefined, /not an image reference/],
    ['alpine', undefined, /short name alpine/],
    ['oci-archive:/usr/x.tar', undefined, /an image from .*: needs a name/],
    ['oci-archive:x.tar', 'a', /not an absolute path/],
    ['oci-archive:', 'a', /not an absolute path/],
    ['oci-archive:/usr/nothing.tar', 'a', /the root has no file/],
    ['dir:/usr/nothing', 'a', /the root has no directory/],
    ['oci:/usr/oci:a b', 'a', /not a reference inside an archive/],
    ['oci:/usr/oci', 'A', /not an image reference/],
    ['containers-storage:quay.io/a', 'a', /cannot be bound from containers-storage/],
    ['containers-storage:a', undefined, /cannot be bound from containers-storage/],
    ['docker-daemon:a:1', undefined, /cannot be bound from docker-daemon/],
    ['ostree:/x', 'a', /cannot be bound from ostree/],
    ['sif:/x', 'a', /cannot be bound from sif/],
    ['tarball:/x', 'a', /cannot be bound from tarball/],
  ]
  for (const [text, tag, message] of cases)
    t.throws(() => parseImageSource(text, tag, context), { message }, text)
  t.end()
})

t.test('ImageTag= of a registry image names the same image', t => {
  const context = makeContext(t, {
    'etc/containers/registries.conf': 'unqualified-search-registries = ["docker.io"]',
  })
  const check = (image: string, tag: string) => () =>
    refuseOtherName(tag, parseImageSource(image, undefined, context), context)
  const same: readonly [image: string, tag: string][] = [
    ['quay.io/a', 'quay.io/a:latest'],
    ['docker://quay.io/a:1', 'quay.io/a:1'],
    ['quay.io/a:1', 'docker://quay.io/a:1'],
    [`quay.io/a@${digest}`, `quay.io/a:1@${digest}`],
    ['alpine:3', 'docker.io/alpine:3'],
    ['docker.io/library/alpine:3', 'alpine:3'],
  ]
  for (const [image, tag] of same) t.doesNotThrow(check(image, tag), `${image} ${tag}`)
  const other: readonly [image: string, tag: string, message: RegExp][] = [
    [`quay.io/a@${digest}`, 'quay.io/a:2', /use quay\.io\/a:2, but podman pulls quay\.io\/a@sha/],
    ['quay.io/a:1', 'quay.io/b:1', /use quay\.io\/b:1, /],
    ['quay.io/a:1', 'a:1', /use docker\.io\/library\/a:1, /],
    ['quay.io/a:1', 'oci:/usr/x', /not an image reference/],
  ]
  for (const [image, tag, message] of other) t.throws(check(image, tag), { message }, tag)
  t.end()
})
