// docs/specs.md says of each key of each section what it decides, as the tables of the product do. The keys of [Image]
// have their own table there, see test/bound-images/section-keys.test.ts.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { sectionKeys, type KeyUse } from '../../lib/bound-images/section-keys.ts'
import { sectionOf } from '../../lib/quadlet/quadlet-kind.ts'

const page = readFileSync(new URL('../../docs/specs.md', import.meta.url), 'utf8')
const [, chapter = ''] = /^## Keys of the other sections\n(.*?)^## /msu.exec(page) ?? []

const uses = {
  pull: 'the image, and how it is pulled',
  closure: 'further images',
  ignored: 'nothing here',
} as const
const textOf = (use: KeyUse) => uses[typeof use === 'object' || use === 'parsed' ? 'pull' : use]

t.test('each key of a section has the use that the product gives it, and no other is named', t => {
  const documented = [...chapter.matchAll(/^\| `\[(\w+)\]` \| ([^|]+) \| (.+) \|$/gmu)].flatMap(
    ([, section = '', use = '', keys = '']) =>
      [...keys.matchAll(/`([^`]*)=`/gu)].map(([, key = '']) => `[${section}] ${key}=: ${use}`),
  )
  const { image: _own, ...others } = sectionKeys
  const sections: Readonly<Record<string, string>> = { ...sectionOf, quadlet: 'Quadlet' }
  const known = Object.entries(others).flatMap(([kind, keys]) =>
    Object.entries<KeyUse>(keys).map(
      ([key, use]) => `[${sections[kind] ?? kind}] ${key}=: ${textOf(use)}`,
    ),
  )
  t.ok(known.length > 100)
  t.strictSame(documented.toSorted(), known.toSorted())
  t.end()
})

t.test('all other keys in the text of the chapter are known', t => {
  const text = chapter.replaceAll(/^\|.*$/gmu, '')
  const named = [...text.matchAll(/`([A-Z]\w*)=[^`]*`/gu)].map(([, key = '']) => key)
  t.ok(named.length > 3)
  for (const key of named)
    t.ok(
      Object.values(sectionKeys).some(keys => Object.hasOwn(keys, key)),
      key,
    )
  t.end()
})
