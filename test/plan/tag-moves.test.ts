import t from 'tap'
import { tagMoves } from '../../lib/plan/tag-moves.ts'

const old = 'a'.repeat(64)
const next = 'b'.repeat(64)
const name = 'quay.io/x/app:latest'

t.test('a name that means what it should stays', t => {
  t.strictSame(tagMoves([{ id: old, name }], new Map([[name, old]]), new Set()), [])
  t.end()
})

t.test('a name moves, and one that is missing is given', t => {
  const names = new Map([
    [name, old],
    ['quay.io/x/app@sha256:1', old],
    ['quay.io/x/app@sha256:2', next],
  ])
  const wanted = [
    { id: next, name },
    { id: next, name: 'quay.io/x/other:1' },
  ]
  t.strictSame(tagMoves(wanted, names, new Set([old, next])), wanted)
  t.end()
})

t.test('an image that is needed does not lose its only name', t => {
  const names = new Map([
    [name, old],
    ['quay.io/x/app@sha256:2', next],
  ])
  t.strictSame(tagMoves([{ id: next, name }], names, new Set([old])), [
    { id: old, name: 'localhost/bootc-bound-images/aaaaaaaaaaaa:keep' },
    { id: next, name },
  ])
  t.strictSame(tagMoves([{ id: next, name }], names, new Set()), [{ id: next, name }])
  t.end()
})

t.test('names change hands', t => {
  const names = new Map([
    ['x:1', old],
    ['x:2', next],
  ])
  const wanted = [
    { id: next, name: 'x:1' },
    { id: old, name: 'x:2' },
  ]
  t.strictSame(tagMoves(wanted, names, new Set([old, next])), wanted)
  t.end()
})

t.test('what is not there, and what is named by digest, is left alone', t => {
  const wanted = [
    { id: next, name },
    { id: old, name: 'quay.io/x/app@sha256:1' },
  ]
  t.strictSame(tagMoves(wanted, new Map([[name, old]]), new Set()), [])
  t.end()
})

t.test('of two images for one name the first has it', t => {
  const names = new Map([
    ['x@sha256:1', old],
    ['x@sha256:2', next],
  ])
  const wanted = [
    { id: old, name: 'x:1' },
    { id: next, name: 'x:1' },
  ]
  t.strictSame(tagMoves(wanted, names, new Set()), [{ id: old, name: 'x:1' }])
  t.end()
})
