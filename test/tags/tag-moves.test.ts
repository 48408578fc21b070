import t from 'tap'
import {
  hidingNames,
  namesByImage,
  namesToRemove,
  protectingNamesToDrop,
  protectingNamesToAdd,
  tagMoves,
  visible,
  withNames,
} from '../../lib/tags/tag-moves.ts'

const old = 'a'.repeat(64)
const next = 'b'.repeat(64)
const name = 'quay.io/x/app:latest'

const keep = (id: string) => `localhost/bootc-bound-images/${id.slice(0, 12)}:keep`
const listOf = (entries: readonly (readonly [string, string])[], ids: readonly string[] = []) => {
  const names = new Map(entries)
  return { ids: new Set([...names.values(), ...ids]), names }
}

t.test('a name that means what it should stays', t => {
  t.strictSame(tagMoves([{ id: old, name }], listOf([[name, old]]), new Set()), [])
  t.end()
})

t.test('a name moves, and one that is missing is given', t => {
  const list = listOf([
    [name, old],
    ['quay.io/x/app@sha256:1', old],
    ['quay.io/x/app@sha256:2', next],
  ])
  const wanted = [
    { id: next, name },
    { id: next, name: 'quay.io/x/other:1' },
  ]
  t.strictSame(tagMoves(wanted, list, new Set([old, next])), wanted)
  t.end()
})

t.test('an image that is needed does not lose its only name', t => {
  const list = listOf([
    [name, old],
    ['quay.io/x/app@sha256:2', next],
  ])
  t.strictSame(tagMoves([{ id: next, name }], list, new Set([old])), [
    { id: old, name: 'localhost/bootc-bound-images/aaaaaaaaaaaa:keep' },
    { id: next, name },
  ])
  t.strictSame(tagMoves([{ id: next, name }], list, new Set()), [{ id: next, name }])
  t.end()
})

t.test('names change hands', t => {
  const list = listOf([
    ['x:1', old],
    ['x:2', next],
  ])
  const wanted = [
    { id: next, name: 'x:1' },
    { id: old, name: 'x:2' },
  ]
  t.strictSame(tagMoves(wanted, list, new Set([old, next])), wanted)
  t.end()
})

t.test('what is not there, and what is named by digest, is left alone', t => {
  const wanted = [
    { id: next, name },
    { id: old, name: 'quay.io/x/app@sha256:1' },
  ]
  t.strictSame(tagMoves(wanted, listOf([[name, old]]), new Set()), [])
  t.end()
})

t.test('of two images for one name the first has it', t => {
  const list = listOf([
    ['x@sha256:1', old],
    ['x@sha256:2', next],
  ])
  const wanted = [
    { id: old, name: 'x:1' },
    { id: next, name: 'x:1' },
  ]
  t.strictSame(tagMoves(wanted, list, new Set()), [{ id: old, name: 'x:1' }])
  t.end()
})

t.test('an image without any name gets its name back', t => {
  const list = listOf([[name, next]], [old])
  t.strictSame(tagMoves([{ id: old, name }], list, new Set()), [{ id: old, name }])
  t.end()
})

t.test('before a pull takes the only name of an image that is needed, that gets one to stay', t => {
  const list = listOf([
    [name, old],
    ['x:1', next],
    ['x@sha256:1', next],
  ])
  const needed = new Set([old, next])
  t.strictSame(protectingNamesToAdd([name, 'x:1', 'absent:1'], list, needed), [
    { id: old, name: 'localhost/bootc-bound-images/aaaaaaaaaaaa:keep' },
  ])
  t.strictSame(protectingNamesToAdd([name], list, new Set()), [])
  t.end()
})

t.test('a name to stay goes when nothing needs the image', t => {
  const list = listOf([
    [name, old],
    [keep(old), old],
    [keep(next), next],
    ['localhost/bootc-bound-images/of-somebody:keep', old],
  ])
  t.strictSame(protectingNamesToDrop(list, new Set([next])), [{ id: old, name: keep(old) }])
  t.end()
})

t.test('images that pulls have brought go when no deployment needs them', t => {
  const list = listOf([
    ['quay.io/x/app@sha256:1', old],
    ['quay.io/x/app@sha256:2', next],
    ['quay.io/x/other@sha256:1', old],
  ])
  const pulled = ['quay.io/x/app@sha256:1', 'quay.io/x/app@sha256:2', 'quay.io/x/gone@sha256:3']
  t.strictSame(namesToRemove(pulled, [], list, new Set([next])), ['quay.io/x/app@sha256:1'])
  t.strictSame(namesToRemove(pulled, [], list, new Set([old, next])), [])
  t.end()
})

t.test('tags that we gave go with the image, those that somebody moved stay', t => {
  const list = listOf([
    ['x:1', old],
    ['x:2', next],
    ['x:3', old],
  ])
  const given = [
    { id: old, name: 'x:1' },
    { id: old, name: 'x:2' },
    { id: old, name: 'x:4' },
    { id: old, name: keep(old) },
  ]
  t.strictSame(namesToRemove([], given, list, new Set()), ['x:1'])
  t.strictSame(namesToRemove([], given, list, new Set([old])), [])
  t.end()
})

t.test(
  'the names of an image are given together, and a name to stay before another image takes it',
  t => {
    const names = namesByImage([
      { id: old, name: keep(old) },
      { id: next, name },
      { id: old, name: 'x:1' },
    ])
    t.strictSame(
      [...names],
      [
        [old, [keep(old), 'x:1']],
        [next, [name]],
      ],
    )
    t.end()
  },
)

t.test('an image in the first store has only its names there', t => {
  const first = listOf([['x:1', old]], [next])
  const second = listOf([
    ['x:1', next],
    ['x:2', old],
    ['x:3', 'c'],
  ])
  const { ids, names } = visible([{ list: first }, { list: second }])
  t.strictSame(ids, new Set([old, next, 'c']))
  t.strictSame(
    [...names],
    [
      ['x:1', old],
      ['x:3', 'c'],
    ],
  )
  t.strictSame(withNames(first, [{ id: next, name: 'x:1' }]), listOf([['x:1', next]], [old]))
  t.end()
})

t.test('a name in the first store hides that of an image that is only in the second', t => {
  const first = listOf([
    ['x:1', old],
    ['x:2', old],
    ['x@sha256:1', old],
  ])
  const second = listOf([['x:3', next]])
  const hidden = { id: next, name: 'x:1' }
  t.strictSame(hidingNames([hidden], first, second), [{ id: old, name: 'x:1' }])
  t.strictSame(hidingNames([{ id: old, name: 'x:1' }, hidden], first, second), [])
  t.strictSame(hidingNames([{ id: 'c', name: 'x:1' }, hidden], first, second), [
    { id: old, name: 'x:1' },
  ])
  const others = ['x:4', 'x@sha256:1'].map(other => ({ id: next, name: other }))
  t.strictSame(hidingNames([...others, { id: 'c', name: 'x:2' }], first, second), [])
  t.end()
})
