import { chmodSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { placeInEtc } from '../../lib/root/merged-etc.ts'
import { makeTree, type Tree } from '../make-tree.ts'

/** Where the merged /etc has a path from: the top of the tree, or nothing when the path is gone. */
function placeOf(top: string, below: string): string | undefined {
  const place = placeInEtc(
    { local: join(top, 'local'), booted: join(top, 'booted'), next: join(top, 'next') },
    below,
  )
  return place && relative(top, place)
}

const file = 'x/auth'
const linkTo = (path: string) => ({ link: path })

t.test('where a path of the merged /etc comes from', t => {
  const cases: readonly [what: string, tree: Tree, expected: 'next' | 'local' | undefined][] = [
    ['nowhere', {}, 'next'],
    ['the vendor adds it', { [`next/${file}`]: 'new' }, 'next'],
    ['the administrator added it', { [`local/${file}`]: 'mine' }, 'local'],
    ['both added it', { [`local/${file}`]: 'mine', [`next/${file}`]: 'new' }, 'local'],
    [
      'unchanged',
      { [`local/${file}`]: 'a', [`booted/${file}`]: 'a', [`next/${file}`]: 'b' },
      'next',
    ],
    [
      'changed',
      { [`local/${file}`]: 'b', [`booted/${file}`]: 'a', [`next/${file}`]: 'c' },
      'local',
    ],
    [
      'longer',
      { [`local/${file}`]: 'ab', [`booted/${file}`]: 'a', [`next/${file}`]: 'c' },
      'local',
    ],
    [
      'changed, and dropped by the vendor',
      { [`local/${file}`]: 'b', [`booted/${file}`]: 'a' },
      'local',
    ],
    [
      'unchanged, and dropped by the vendor',
      { [`local/${file}`]: 'a', [`booted/${file}`]: 'a' },
      'next',
    ],
    ['deleted', { 'local/x/': '', [`booted/${file}`]: 'a', [`next/${file}`]: 'a' }, undefined],
    [
      'an unchanged link',
      { [`local/${file}`]: linkTo('a'), [`booted/${file}`]: linkTo('a') },
      'next',
    ],
    [
      'a changed link',
      { [`local/${file}`]: linkTo('b'), [`booted/${file}`]: linkTo('a') },
      'local',
    ],
    [
      'a file in place of a link',
      { [`local/${file}`]: 'a', [`booted/${file}`]: linkTo('a') },
      'local',
    ],
    ['a file in place of the parent', { 'local/x': '', [`booted/${file}`]: 'a' }, undefined],
  ]
  for (const [what, tree, expected] of cases)
    t.equal(
      placeOf(makeTree(t, { 'local/': '', 'booted/': '', 'next/': '', ...tree }), file),
      expected && `${expected}/${file}`,
      what,
    )
  t.end()
})

t.test('only the mode was changed', t => {
  const top = makeTree(t, {
    [`local/${file}`]: 'a',
    [`booted/${file}`]: 'a',
    [`next/${file}`]: 'b',
  })
  chmodSync(join(top, 'local', file), 0o600)
  t.equal(placeOf(top, file), `local/${file}`)
  chmodSync(join(top, 'booted', file), 0o600)
  t.equal(placeOf(top, file), `next/${file}`)
  chmodSync(join(top, 'local/x'), 0o700)
  t.equal(placeOf(top, 'x'), 'local/x', 'of a directory')
  t.equal(placeOf(top, file), `next/${file}`, 'which says nothing of what is in it')
  t.end()
})

t.test('a directory that the vendor drops stays for what stays in it', t => {
  const dropped = { 'local/x/auth': 'a', 'booted/x/auth': 'a', 'next/': '' }
  t.equal(placeOf(makeTree(t, dropped), 'x'), 'next/x', 'nothing')
  const kept: Readonly<Record<string, Tree>> = {
    'a file that was added': { ...dropped, 'local/x/mine': '' },
    'a file that was changed': { ...dropped, 'local/x/auth': 'b' },
    'a file below a directory': { ...dropped, 'local/x/y/mine': '', 'booted/x/y/': '' },
  }
  for (const [what, tree] of Object.entries(kept))
    t.equal(placeOf(makeTree(t, tree), 'x'), 'local/x', what)
  const lost = { ...dropped, 'booted/x/y/other': '', 'local/x/y/': '' }
  t.equal(placeOf(makeTree(t, lost), 'x'), 'next/x', 'a file that was deleted')
  t.end()
})
