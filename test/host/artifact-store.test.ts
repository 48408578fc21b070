import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { defaultStore } from '../../lib/facts/image-store.ts'
import {
  damagedFiles,
  isArtifactComplete,
  listArtifacts,
  nameArtifacts,
} from '../../lib/host/artifact-store.ts'
import { makeTree } from '../make-tree.ts'

const sum = (data: string) => createHash('sha256').update(data).digest('hex')
const describe = (data: string) => ({ digest: `sha256:${sum(data)}`, size: data.length })
const manifestOf = (...files: readonly string[]) =>
  JSON.stringify({ config: describe('{}'), layers: files.map(describe) })
const one = manifestOf('weights')
const two = manifestOf('other', 'weights')
const entry = (manifest: string, name?: string) => ({
  ...describe(manifest),
  mediaType: 'x',
  ...(name !== undefined && { annotations: { 'org.opencontainers.image.ref.name': name, k: 'v' } }),
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
  const odd = { digest: 'md5:1', annotations: { 'org.opencontainers.image.ref.name': 'z' } }
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
})

t.test('manifests that nobody can read', t => {
  const texts = [
    '[',
    '{}',
    '[]',
    JSON.stringify({ config: { digest: 'sha512:1', size: 1 } }),
    JSON.stringify({ config: describe('{}'), layers: [{ digest: describe('x').digest }] }),
  ]
  const store = makeStore(t, [], [...texts, '{}', 'x'])
  for (const text of texts) t.equal(isArtifactComplete(sum(text), store), false, text)
  t.equal(isArtifactComplete(sum('{}'), store), false)
  t.end()
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
    [[by(two), sum(two)], [w, sum(two)], kept(one)],
    'one that loses its last name',
  )
  t.strictSame(named([entry(one), entry(two, w)]), [[w, sum(two)], kept(one)], 'one without a name')
  t.strictSame(named([entry(one), entry(one, w)]), [[w, sum(one)]], 'twice, once without a name')
  t.strictSame(named([entry(one, w)], [w, one], ['x', two]), [[w, sum(one)]], 'nothing to do')
  t.doesNotThrow(() => nameArtifacts([], { ...defaultStore, directory: '/nonexistent' }, keep))
  t.end()
})
