import t from 'tap'
import { defaultSettings } from '../../lib/config/settings.ts'
import { defaultStore, separateStore, type ImageStore } from '../../lib/facts/image-store.ts'
import { pullSteps, recordName, syncCommand } from '../../lib/render/pull-steps.ts'
import { renderHostDropIn } from '../../lib/render/render-host-drop-in.ts'
import { renderUnits } from '../../lib/render/render-units.ts'
import { tagCommand } from '../../lib/render/tag-command.ts'
import { makeImage } from '../plan/make-image.ts'

const unit = 'bootc-pending-0000000000000000-image.service'
const name = 'bootc-pending-0000000000000000-image'
const hostFacts = {
  systemdVersion: 257,
  podmanVersion: [5, 4],
  imageStore: defaultStore,
  libraryDirectory: '/opt/lib',
  settings: defaultSettings,
  temporaryDirectory: '/var/tmp',
} as const
const stepsIn = (imageStore: ImageStore, digest?: string) =>
  pullSteps(
    { unit, boundImage: { ...makeImage('one'), ...(digest !== undefined && { digest }) } },
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
    pullByTag: undefined,
    name: undefined,
    record: ['/opt/lib/record-pull', name, 'quay.io/x/a:1', '/var/lib/containers/storage'],
    unmark: ['/opt/lib/unmark-pull', name, '/var/lib/containers/storage'],
  })
  t.end()
})

t.test('an artifact is in podman’s own store', t => {
  const boundImage = { ...makeImage('one'), isArtifact: true as const, digest: 'sha256:1' }
  const stored = 'quay.io/x/a@sha256:1'
  for (const facts of [
    { ...hostFacts, imageStore: defaultStore },
    { ...hostFacts, imageStore: separateStore('/s'), otherStore: defaultStore },
  ])
    t.match(pullSteps({ unit, boundImage }, facts), {
      pull: [
        '/usr/bin/flock',
        '--no-fork',
        '/run/bootc-bound-images/artifacts-lock',
        '/usr/bin/podman',
        'artifact',
        'pull',
        stored,
      ],
      pullByTag: undefined,
      name: undefined,
      record: ['/opt/lib/record-artifact', name, stored, '/var/lib/containers/storage'],
    })
  const { pull } = pullSteps(
    { unit, boundImage },
    { ...hostFacts, imageStore: separateStore('/s') },
  )
  t.strictSame(pull.slice(4, 6), ['--root', '/s'])
  t.end()
})

t.test('what podman 6 would read beside the configuration of the next deployment', t => {
  const facts = { ...hostFacts, vendorDirectories: ['/usr/share/containers/certs.d'] }
  const { contents } = renderHostDropIn(facts, '/run/x')
  t.match(contents, '\nBindReadOnlyPaths=/run/x:/etc/containers\n')
  t.match(contents, '\nInaccessiblePaths=-/usr/share/containers/certs.d\n')
  t.notMatch(renderHostDropIn(facts, undefined).contents, 'InaccessiblePaths=')
  t.end()
})

t.test('a file in a root that must be mounted', t => {
  const root = `/run/bootc-bound-images/roots/${'a'.repeat(128)}`
  const image = `oci-archive:${root}/usr/share/a.tar`
  const facts = { ...hostFacts, podmanVersion: [5, 4] as const }
  const { pull } = pullSteps({ unit, boundImage: { ...makeImage('one'), image } }, facts)
  t.strictSame(pull.slice(0, 3), ['/opt/lib/mount-root', 'a'.repeat(128), root])
  t.strictSame(pull.slice(3), ['/usr/bin/podman', 'image', 'pull', image])
  for (const words of [['--authfile', `${root}/etc/auth.json`], [`--cert-dir=${root}/etc/certs`]]) {
    const flag = words[0]?.split('=')[0] ?? ''
    const options = [{ flag, words, identity: undefined, files: [] }]
    const steps = pullSteps({ unit, boundImage: { ...makeImage('one'), options } }, facts)
    t.strictSame(steps.pull.slice(0, 3), ['/opt/lib/mount-root', 'a'.repeat(128), root], flag)
  }
  for (const other of ['-x', '..']) {
    const named = `oci-archive:/run/bootc-bound-images/roots/${other}/a.tar`
    const steps = pullSteps({ unit, boundImage: { ...makeImage('one'), image: named } }, facts)
    t.strictSame(steps.pull, ['/usr/bin/podman', 'image', 'pull', named], 'a spec can write that')
  }
  t.end()
})

t.test('every step has the same store', t => {
  const store = separateStore('/srv/images')
  t.strictSame(stepsIn(store), {
    mark: ['/opt/lib/mark-pull', name],
    pull: ['/usr/bin/podman', ...store.options, 'image', 'pull', 'quay.io/x/a:1'],
    pullByTag: undefined,
    name: undefined,
    record: ['/opt/lib/record-pull', name, 'quay.io/x/a:1', '/srv/images', ...store.options],
    unmark: ['/opt/lib/unmark-pull', name, '/srv/images'],
  })
  t.strictSame(syncCommand({ imageStore: store, libraryDirectory: '/opt/lib' }), [
    '/opt/lib/sync-store',
    '/srv/images',
  ])
  t.end()
})

t.test('a store with its images in another directory', t => {
  const { record, unmark } = stepsIn({ ...defaultStore, imageDirectory: '/srv/images' })
  t.equal(record[3], '/var/lib/containers/storage:/srv/images')
  t.equal(unmark[2], '/var/lib/containers/storage:/srv/images')
  t.end()
})

t.test('by digest', t => {
  const { pull, name, record } = stepsIn(defaultStore, 'sha256:0')
  t.strictSame(pull, ['/usr/bin/podman', 'image', 'pull', 'quay.io/x/a@sha256:0'])
  t.strictSame(name, ['/opt/lib/give-name', 'quay.io/x/a@sha256:0', 'quay.io/x/a:1'])
  t.equal(record[2], 'quay.io/x/a@sha256:0')
  const store = separateStore('/srv/images')
  t.strictSame(stepsIn(store, 'sha256:0').name?.slice(3), store.options)
  t.end()
})

t.test('by tag, if the digest was found by the tag', t => {
  const options = [
    ['--authfile', '/run/a.json'],
    ['--cert-dir=/etc/c'],
    ['--decryption-key', '/k'],
    ['--arch', 'arm64'],
    ['--retry=9'],
    ['--tls-verify=false'],
  ].map(words => ({
    flag: String(words[0]).replace(/=.*/u, ''),
    words,
    identity: undefined,
    files: [],
  }))
  const pulled = { ...makeImage('one'), digest: 'sha256:0', options }
  t.strictSame(tagCommand(pulled, defaultStore), [
    '/usr/bin/skopeo',
    '--override-arch=arm64',
    'copy',
    '--quiet',
    '--authfile',
    '/run/a.json',
    '--src-cert-dir=/etc/c',
    '--decryption-key',
    '/k',
    '--src-tls-verify=false',
    'docker://quay.io/x/a:1',
    'containers-storage:quay.io/x/a@sha256:0',
  ])
  t.match(
    tagCommand(pulled, separateStore('/srv/images'))?.at(-1),
    /^containers-storage:\[overlay@\/srv\/images\+\/run\/bootc-bound-images\/store\]quay.io\/x\/a@sha256:/,
  )
  t.equal(tagCommand(pulled, { ...defaultStore, hasAdditionalStores: true }), undefined)
  t.end()
})

t.test('a record is named for its unit', t => {
  t.equal(recordName(unit), name)
  t.end()
})

t.test('the unit of an image that has both', t => {
  const boundImage = { ...makeImage('one'), digest: 'sha256:0' }
  const pull = { unit, boundImage, entries: [], isNeeded: true, after: [] }
  const plan = { target: 'x.target', pulls: [{ ...pull, layers: undefined, bytes: undefined }] }
  const units = renderUnits(plan, hostFacts, undefined)
  t.match(
    units.find(({ name }) => name === unit)?.contents,
    /^ExecStart=\/opt\/lib\/until-stalled \/opt\/lib\/by-digest-or-tag \S+-image\.service 5 \/usr\/bin\/skopeo copy --quiet docker:\S+ containers-storage:\S+ \/usr\/bin\/podman image pull quay\.io\/x\/a@sha256:0\nExecStartPost=-\+\/opt\/lib\/give-name quay\.io\/x\/a@sha256:0 quay\.io\/x\/a:1\nExecStartPost=\+\/opt\/lib\/record-pull /m,
  )
  t.end()
})
