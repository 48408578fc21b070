// What docs/quadlet-differences.md says of this product is true, without a Quadlet. The judge in the lab
// (test/lab/cases/quadlet.judge.test.ts) asks real ones about the same rows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { imagesOfPods } from '../../lib/bound-images/parse-kube-file.ts'
import { readRequest } from '../../lib/request/request.ts'
import { differences, explain } from '../judges/compare.ts'
import { containerCases, image } from '../judges/container-cases.ts'
import { isAsClaimed, readDocumentedDifferences } from '../judges/documented-differences.ts'
import { ourResult } from '../judges/judge-specs.ts'
import { writeBatch, type SpecFile } from '../judges/spec-file.ts'

const page = readFileSync(new URL('../../docs/quadlet-differences.md', import.meta.url), 'utf8')

/** The rows of the table below a heading: what, example, the other side, here, why. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, text = ''] = page.split(`## ${heading}\n`)
  return (text.split('\n## ')[0] ?? '')
    .split('\n')
    .filter(line => /^\| (?!what |-)/u.test(line))
    .map(line =>
      line
        .split('|')
        .map(cell => cell.trim())
        .slice(1, -1),
    )
}

const sorted = (values: readonly unknown[]) => values.map(each => JSON.stringify(each)).toSorted()

const codeOf = (cell = '') => cell.replaceAll('`', '').replaceAll('⏎', '\n')

/** What this product makes of files, each with a link of its own. */
function ours(files: readonly SpecFile[]) {
  const root = join(t.testdir(), 'root')
  const batch = writeBatch(root, files)
  const request = readRequest(root, { hostRoot: undefined, podmanVersion: [99, 0] })
  return batch.files.map(({ entry }) => ourResult(request, entry))
}

t.test('every row about a .image file is explained by a difference of the judges, and true', t => {
  const documented = readDocumentedDifferences()
  const names = documented.map(({ name }) => name)
  t.strictSame(names.toSorted(), Object.keys(differences).toSorted())
  const results = ours(documented.map(({ file }) => file))
  for (const [index, { name, file, here }] of documented.entries()) {
    const result = results[index] ?? { faults: [] }
    const found = 'words' in result ? { words: result.command } : { refusal: '' }
    t.ok(isAsClaimed(here, found), name, { result })
    // Quadlet takes what is refused here.
    if (here.refuses)
      t.ok(explain({ file, quadlet: { words: [] }, ours: result })?.includes(name), name, {
        result,
      })
  }
  t.end()
})

t.test('the table about .container files has the differences that the judge knows', t => {
  const documented = rowsOf('In a `.container` file').map(([, example, quadlet = '', here]) => {
    const text = codeOf(example)
    const [, minor] = / before podman 5\.(\d+)$/u.exec(quadlet) ?? []
    t.match(quadlet, /^(?:reads it|refuses|refuses before podman 5\.\d+)$/u)
    const quadletTakes =
      minor === undefined ? quadlet === 'reads it' : ([5, Number(minor)] as const)
    const lines = /^(?:Image|Rootfs)=/u.test(text) ? text : `Image=${image}\n${text}`
    return [lines, quadletTakes, here !== 'refuses']
  })
  const known = containerCases.filter(([, theirs, here]) => theirs !== here)
  t.strictSame(sorted(documented), sorted(known))
  t.end()
})

t.test('and what they say of this product is true', t => {
  const files = containerCases.map(([lines]) => ({
    name: '*.container',
    text: `[Container]\n${lines}\n`,
    dropIns: [],
  }))
  const results = ours(files)
  for (const [index, [lines, , isTaken]] of containerCases.entries())
    // It has no .image file beside it.
    if (!lines.includes('shared.image'))
      t.equal('words' in (results[index] ?? {}), isTaken, lines, { result: results[index] })
  t.end()
})

t.test('every row about a Kubernetes YAML is refused', t => {
  const rows = rowsOf('In a Kubernetes YAML')
  t.ok(rows.length >= 2)
  for (const [what = '', example, , here] of rows) {
    t.equal(here, 'refuses', what)
    const yaml = `spec: {containers: [{${codeOf(example)}}]}`
    t.throws(() => imagesOfPods(yaml), /^podman reads the key|^the image is of type/u, what)
  }
  t.end()
})
