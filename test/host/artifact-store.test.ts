import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { defaultStore } from '../../lib/facts/image-store.ts'
import {
  damagedFiles,
  isArtifactComplete,
  listArtifacts,
  nameArtifacts,
  setDamagedListAside,
  storedBlobs,
} from '../../lib/host/artifact-store.ts'
import { makeTree } from '../make-tree.ts'

const sum = (data: string) => createHash('sha256').update(data).digest('hex')
const describe = (data: string) => ({ digest: `sha256:${sum(data)}`, size: data.length })
const manifestOf = (...files: readonly string[]) =>
  JSON.stringify({ config: describe('{}'), layers: files.map(describe) })
const one = manifestOf('weights')
const two = manifestOf('other', 'weights')
const refName = 'org.opencontainers.image.ref.name'
const entry = (manifest: string, name?: string) => ({
  ...describe(manifest),
  mediaType: 'x',
  ...(name !== undefined && { annotations: { [refName]: name, k: 'v' } }),
})

function makeStore(
  test: Parameters<typeof makeTree>[0],
  manifests: readonly unknown[],
  files: readonly string[] = [one, two, '{}', 'weights', 'other'],
) {
  const directory = makeTree(test, {
    'artifacts/index.json': JSON.stringify({ schemaVersion: 2, manifests }),
    ...Object.fromEntries(files.map(data => [`artifacts/blobs/sha256/${sum(data)}`, data])),
  })
  return { ...defaultStore, directory }
}

t.test('the artifacts of a store', t => {
  const odd = { digest: 'md5:1', annotations: { [refName]: 'z' } }
  const store = makeStore(t, [entry(one, 'r.example/w:1'), entry(two), entry(one, ''), odd])
  t.strictSame([...listArtifacts(store).ids], [sum(one), sum(two)])
  t.strictSame([...listArtifacts(store).names], [['r.example/w:1', sum(one)]])
  t.strictSame(listArtifacts({ ...store, directory: '/nonexistent' }).ids, new Set())
  t.end()
})

t.test('complete and damaged', async t => {
  const store = makeStore(t, [])
  const file = (data: string) => join(store.directory, 'artifacts/blobs/sha256', sum(data))
  t.equal(isArtifactComplete(sum(two), store), true)
  t.strictSame(await damagedFiles(sum(two), store), [])
  writeFileSync(file('weights'), 'WEIGHTS')
  t.equal(isArtifactComplete(sum(two), store), true, 'of the right size')
  t.strictSame(await damagedFiles(sum(two), store), [file('weights')])
  truncateSync(file('weights'), 1)
  t.equal(isArtifactComplete(sum(two), store), false)
  t.strictSame(await damagedFiles(sum(two), store), [file('weights')])
  truncateSync(file(two), 1)
  t.equal(isArtifactComplete(sum(two), store), false)
  t.strictSame(await damagedFiles(sum(two), store), [file(two)])
  t.equal(isArtifactComplete(sum('none'), store), false)
  t.strictSame(await damagedFiles(sum('none'), store), [file('none')])
})

t.test('other algorithms, and files that are not downloaded', async t => {
  const strong = createHash('sha512').update('big').digest('hex')
  const manifest = JSON.stringify({
    config: describe('{}'),
    layers: [
      { digest: `sha512:${strong}`, size: 3 },
      { ...describe('elsewhere'), urls: ['https://x'] },
    ],
  })
  const store = makeStore(t, [], [manifest, '{}'])
  t.equal(isArtifactComplete(sum(manifest), store), false)
  const path = join(store.directory, 'artifacts/blobs/sha512', strong)
  mkdirSync(dirname(path))
  writeFileSync(path, 'big')
  t.equal(isArtifactComplete(sum(manifest), store), true)
  t.strictSame(await damagedFiles(sum(manifest), store), [])
  t.strictSame(
    [...storedBlobs(store)].toSorted(),
    [describe(manifest), describe('{}')].map(({ digest }) => digest).toSorted(),
  )
})

t.test('a list that is damaged', async t => {
  const store = makeStore(t, [entry(one, 'x')])
  const path = join(store.directory, 'artifacts/index.json')
  t.equal(await setDamagedListAside(store), undefined)
  writeFileSync(path, '')
  t.throws(() => listArtifacts(store), {
    message: `podman's list of artifacts, ${path}, is damaged`,
  })
  t.equal(await setDamagedListAside(store), `${path}.damaged`)
  t.strictSame(listArtifacts(store).ids, new Set())
})

t.test('manifests that nobody can read', async t => {
  const texts = [
    '[',
    '{}',
    '[]',
    JSON.stringify({ config: { digest: 'md5:1', size: 1 } }),
    JSON.stringify({ config: describe('{}'), layers: [{ digest: describe('x').digest }] }),
  ]
  const store = makeStore(t, [], [...texts, '{}', 'x'])
  for (const text of texts) t.equal(isArtifactComplete(sum(text), store), false, text)
  t.equal(isArtifactComplete(sum('{}'), store), false)
  for (const text of texts) t.strictSame(await damagedFiles(sum(text), store), [], text)
})

const keep = (id: string) => `keep/${id.slice(0, 4)}`

t.test('names', t => {
  const kept = (manifest: string) => [keep(sum(manifest)), sum(manifest)]
  const by = (manifest: string) => `r.example/w@sha256:${sum(manifest)}`
  const named = (manifests: readonly unknown[], ...wanted: readonly [string, string][]) => {
    const store = makeStore(t, manifests)
    const path = join(store.directory, 'artifacts/index.json')
    chmodSync(path, 0o644)
    nameArtifacts(
      wanted.map(([name, manifest]) => ({ id: sum(manifest), name })),
      store,
      id => id === sum(one),
      keep,
    )
    t.equal(statSync(path).mode % 0o1000, 0o644)
    t.match(JSON.parse(readFileSync(path, 'utf8')), { schemaVersion: 2 })
    return [...listArtifacts(store).names]
  }
  const w = 'r.example/w:1'
  t.strictSame(named([entry(one, by(one))], [w, one]), [
    [by(one), sum(one)],
    [w, sum(one)],
  ])
  t.strictSame(
    named([entry(one, w), entry(one, by(one)), entry(two, by(two))], [w, two]),
    [
      [by(one), sum(one)],
      [by(two), sum(two)],
      [w, sum(two)],
    ],
    'the other one has a name still',
  )
  t.strictSame(
    named([entry(one, w), entry(two, by(two))], [w, two]),
    [kept(one), [by(two), sum(two)], [w, sum(two)]],
    'one that loses its last name',
  )
  t.strictSame(named([entry(one), entry(two, w)]), [kept(one), [w, sum(two)]], 'one without a name')
  t.strictSame(named([entry(two), entry(one, w)]), [[w, sum(one)]], 'that of somebody else')
  const other = { digest: `sha512:${'a'.repeat(128)}`, annotations: { [refName]: 'x' }, k: 'v' }
  t.strictSame(named([other, entry(one, by(one))], [w, one]).length, 2, 'another algorithm')
  t.strictSame(named([entry(one), entry(one, w)]), [[w, sum(one)]], 'twice, once without a name')
  t.strictSame(named([entry(one, w)], [w, one], ['x', two]), [[w, sum(one)]], 'nothing to do')
  t.doesNotThrow(() =>
    nameArtifacts([], { ...defaultStore, directory: '/nonexistent' }, () => true, keep),
  )
  t.end()
})
