// The table of keys, the documentation and the values for the judges must name the same keys: what one of
// them lacks is either dropped in silence, or not compared with Quadlet.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { pullFlags, sectionKeys } from '../../lib/bound-images/section-keys.ts'
import { SpecReader } from '../../lib/bound-images/spec-reader.ts'
import { defaultSettings } from '../../lib/config/settings.ts'
import { readRequest } from '../../lib/request/request.ts'
import { sectionOf } from '../../lib/quadlet/quadlet-kind.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { containerCases } from '../judges/container-cases.ts'
import { hostileFiles } from '../judges/hostile-files.ts'
import * as values from '../judges/image-values.ts'
import { writeBatch } from '../judges/spec-file.ts'
import { makeTree } from '../make-tree.ts'

const kinds = ['image', 'container', 'kube'] as const
type Kind = (typeof kinds)[number]
const table = 'lib/bound-images/section-keys.ts'

/** The keys of a section that concern the pull. */
const pullKeys = (kind: Kind) =>
  Object.entries(sectionKeys[kind]).flatMap(([key, use]) => (use === 'ignored' ? [] : [key]))
const options = Object.entries(sectionKeys.image).flatMap(([key, use]) =>
  typeof use === 'string' ? [] : [{ key, ...use }],
)
const imageValues: Readonly<Record<string, readonly unknown[]>> = {
  Image: values.tidyImages,
  PodmanArgs: values.tidyPodmanArgs,
  GlobalArgs: values.tidyGlobalArgs,
  ...values.tidyValues,
}

const difference = (names: Iterable<string>, others: Iterable<string>) => {
  const known = new Set(others)
  return [...new Set(names)].filter(name => !known.has(name))
}

const flagOf = (word: string) => word.replace(/=.*$/su, '')
const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const quadletDifferences = read('quadlet-differences.md')
const [, chapter = ''] = /^## Keys of `\[Image\]`\n(.*?)^## /msu.exec(read('specs.md')) ?? []
const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/gu)].map(([, code = '']) => code)
const rows = chapter
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .flatMap(line => {
    const [keys = '', becomes = '', note = ''] = line.split('|').slice(1)
    const flags = codeIn(becomes).map(flagOf)
    return codeIn(keys).map((key, at) => ({ key: key.replace(/=$/u, ''), flag: flags[at], note }))
  })

t.test('docs/specs.md has the keys of [Image], what they become and since when', t => {
  const documented = rows.map(({ key }) => key)
  const known = Object.keys(sectionKeys.image)
  t.strictSame(difference(known, documented), [], `keys of ${table} that docs/specs.md lacks`)
  t.strictSame(difference(documented, known), [], `keys of docs/specs.md that ${table} lacks`)
  for (const { key, flag, as = flag, since } of options) {
    const row = rows.find(each => each.key === key)
    t.equal(row?.flag, as, `what ${key}= becomes in docs/specs.md`)
    const [, version] = /\bpodman (\d+\.\d+)/u.exec(row?.note ?? '') ?? []
    t.equal(version, since?.join('.'), `since when podman has ${key}= in docs/specs.md`)
    if (since !== undefined)
      t.match(
        quadletDifferences,
        new RegExp(`^\\| .*\`${key}=[^|]*\\| refuses before podman \\d`, 'mu'),
        `that an older Quadlet refuses ${key}= in docs/quadlet-differences.md`,
      )
  }
  t.end()
})

t.test('the judges have values for every key and option', t => {
  const known = Object.keys(sectionKeys.image)
  const tried = Object.keys(imageValues).filter(key => imageValues[key]?.some(each => each !== ''))
  const file = 'test/judges/image-values.ts'
  t.strictSame(difference(known, tried), [], `keys of ${table} without a value in ${file}`)
  t.strictSame(difference(Object.keys(imageValues), known), [], `keys of ${file} alone`)

  const tidy = values.tidyPodmanArgs.map(([word = '']) => flagOf(word))
  // In PodmanArgs= it is refused.
  const flags = difference(pullFlags.keys(), ['--all-tags'])
  const untried = difference(flags, [...tidy, ...values.oddWords.map(flagOf)])
  t.strictSame(untried, [], `options of ${table} that no PodmanArgs= of ${file} has`)
  t.strictSame(difference(tidy, flags), [], `options of ${file} alone`)

  const texts = fc.sample(hostileFiles, { seed: 1, numRuns: 1000 }).map(({ text }) => text)
  const hostile = texts.flatMap(text => [...text.matchAll(/^(\w+)=/gmu)].map(([, key = '']) => key))
  const switches = options.flatMap(({ key, read }) => (read === 'switch' ? [key] : []))
  const spared = difference(known, [...hostile, ...switches])
  t.strictSame(spared, [], `keys of ${table} without a text in test/judges/hostile-files.ts`)
  t.end()
})

t.test('the judge of containers has every key that concerns the pull', t => {
  const tried = containerCases.flatMap(([lines, , isTaken]) =>
    [...lines.replace(/\n\[.*$/su, '').matchAll(/^(\w+)=/gmu)].map(([, key = '']) => ({
      key,
      isTaken,
    })),
  )
  const file = 'test/judges/container-cases.ts'
  const keys = tried.map(({ key }) => key)
  t.strictSame(difference(pullKeys('container'), keys), [], `keys of ${table} that ${file} lacks`)
  const taken = tried.flatMap(({ key, isTaken }) => (isTaken ? [key] : []))
  const known = [...Object.keys(sectionKeys.container), 'Bogus']
  t.strictSame(difference(taken, known), [], `keys of ${file} that ${table} lacks`)
  t.end()
})

t.test('every key that becomes an option does so with a value of the judge', t => {
  const files = options.flatMap(({ key, flag, as = flag }) =>
    (values.tidyValues[key] ?? []).flatMap(value => {
      const text = `[Image]\nImage=registry.example/*:1\n${key}=${value}\n`
      return value === '' ? [] : [{ name: '*.image', text, dropIns: [], as }]
    }),
  )
  const root = join(t.testdir(), 'root')
  const batch = writeBatch(root, files)
  const settings = defaultSettings
  const facts = { hostRoot: undefined, podmanVersion: [99, 0] as const, settings }
  const { specs, problems } = readRequest(root, facts)
  t.strictSame(problems, [])
  for (const [index, { as, text }] of files.entries()) {
    const entry = batch.files[index]?.entry ?? ''
    const spec = specs.find(each => each.entry === entry)
    t.ok(
      spec?.boundImage.options.some(({ flag }) => flag === as),
      text,
    )
  }
  t.end()
})

const good = { image: 'Image=quay.io/a:1', container: 'Image=quay.io/a:1', kube: 'Yaml=a.yaml' }
// Whoever reads it sees that a quote is not closed, that there is no such file, or another store.
const bad = (kind: Kind, key: string) =>
  `[${sectionOf[kind]}]\n${good[kind]}\n${key}=${key === 'GlobalArgs' ? '--root=/x' : '"'}\n[Quadlet]\nDefaultDependencies="\n`
const nameOf = (kind: Kind, key: string) => `${key}.${kind}`

t.test('no key of the table is dropped, but for those that do not concern the pull', t => {
  const ignored = difference(Object.keys(sectionKeys.image), pullKeys('image'))
  t.strictSame(ignored, [], 'a pull that ignores a key of [Image] would bring another image')
  const directory = 'usr/share/containers/systemd'
  const all = kinds.flatMap(kind =>
    Object.entries(sectionKeys[kind]).map(([key, use]) => ({ kind, key, use })),
  )
  const root = makeTree(t, {
    [`${directory}/a.yaml`]: 'spec: {containers: [{image: quay.io/a:1}]}',
    ...Object.fromEntries(
      all.map(({ kind, key }) => [`${directory}/${nameOf(kind, key)}`, bad(kind, key)]),
    ),
  })
  const reader = new SpecReader(new DeploymentFiles(root), { secrets: '/x', machineId: undefined })
  for (const { kind, key, use } of all) {
    const name = nameOf(kind, key)
    const { faults } = reader.readQuadlet({ kind, name, path: `/${directory}/${name}` })
    const found = [...new Set(faults.map(fault => fault.key))]
    const isSilent = use === 'ignored' || use === 'closure'
    t.strictSame(found, isSilent ? [] : [key], `who reads ${key}= of [${sectionOf[kind]}]`)
  }
  t.end()
})
