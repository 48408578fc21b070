// Quadlet is the judge of what a .image file means: both must run podman with the same words, but for the
// differences in docs/quadlet-differences.md. DISTRO= chooses the Debian whose podman it is.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import { sectionKeys } from '../../../lib/bound-images/section-keys.ts'
import { isAtLeast } from '../../../lib/facts/podman-version.ts'
import { differences, explain } from '../../judges/compare.ts'
import { containerCases, sharedImage } from '../../judges/container-cases.ts'
import {
  isAsClaimed,
  readDocumentedDifferences,
  type Claim,
} from '../../judges/documented-differences.ts'
import { judgeApplications } from '../../judges/judge-applications.ts'
import { makeApplication } from '../../judges/likely-files.ts'
import { Random } from '../campaign/random.ts'
import { quadletKind } from '../../../lib/quadlet/quadlet-kind.ts'
import { dropInsIn, imageFiles } from '../../judges/image-files.ts'
import { judge, type Judgement } from '../../judges/judge-specs.ts'
import { judgeMounts, mountLines, type MountJudgement } from '../../judges/mounts.ts'
import { Quadlet } from '../../judges/quadlet.ts'
import { seed } from '../../judges/seed.ts'
import type { DropIn } from '../../judges/spec-file.ts'
import { makeWorkArea } from '../work-area.ts'

const numRuns = 20_000
const batchSize = 100

const area = await makeWorkArea()
t.teardown(() => area.remove())
// In memory: many small files.
const directory = mkdtempSync('/dev/shm/bootc-bound-images-judge-')
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const quadlet = await Quadlet.in(join(area.cache, 'rootfs'))
t.comment(`podman ${quadlet.version.join('.')}, SEED=${seed}`)

t.test('the documented differences are still there', async t => {
  const documented = readDocumentedDifferences()
  t.strictSame(documented.map(({ name }) => name).toSorted(), Object.keys(differences).toSorted())
  for (const { name, file, quadlet: theirs, here } of documented) {
    const [judgement] = await judge(quadlet, join(directory, 'root'), [file])
    if (judgement === undefined || !isForThisVersion(theirs)) continue
    const { ours } = judgement
    const ourWords = 'words' in ours ? { words: ours.command } : { refusal: '' }
    const found = {
      isExplained: explain(judgement)?.includes(name),
      isSaidOfQuadlet: isAsClaimed(theirs, judgement.quadlet),
      isSaidOfUs: isAsClaimed(here, ourWords),
    }
    const expected = { isExplained: true, isSaidOfQuadlet: true, isSaidOfUs: true }
    t.strictSame(found, expected, name, { judgement })
  }
})

function isForThisVersion({ version }: Claim): boolean {
  if (version === undefined) return true
  const [major, minor] = quadlet.version
  return (major === 5 && minor < version.minor) === version.before
}

t.test('Quadlet knows the keys of the tables', async t => {
  const [major, minor] = quadlet.version
  const root = join(directory, 'keys')
  for (const [kind, keys] of Object.entries(sectionKeys))
    for (const key of [...Object.keys(keys), 'Bogus']) {
      // A file that it cannot read costs its directory.
      const path = join(root, `${kind}-${key}`)
      mkdirSync(path, { recursive: true })
      const section = `[${kind.replace(/^./u, letter => letter.toUpperCase())}]`
      const file = kind === 'quadlet' ? 'image' : kind
      const before = kind === 'quadlet' ? '[Image]\nImage=registry.example/app:1\n' : ''
      writeFileSync(join(path, `${kind}-${key}.${file}`), `${before}${section}\n${key}=\n`)
    }
  const { log } = await quadlet.read(root)
  const unsupported = [...log.matchAll(/unsupported key '(\w+)' in group '(\w+)'/gu)].map(
    ([, key, section]) => `${section}.${key}`,
  )
  const artifact = isAtLeast([major, minor], [5, 7]) ? ['Artifact'] : []
  const bogus = [...artifact, 'Container', 'Image', 'Kube', 'Pod', 'Quadlet', 'Volume'].map(
    section => `${section}.Bogus`,
  )
  t.strictSame(unsupported.filter(key => key.endsWith('.Bogus')).toSorted(), bogus, 'it is asked')
  // Older ones lack more. Umask= came with 6.2.
  const unknown = unsupported.filter(key => !key.endsWith('.Bogus') && key !== 'Container.Umask')
  if (isAtLeast([major, minor], [6, 1])) t.strictSame(unknown, [])
  else t.comment({ unknown })
})

t.test('random files', { timeout: 900_000 }, async t => {
  const files = fc.sample(imageFiles, { seed, numRuns })
  const batches = Array.from({ length: numRuns / batchSize }, (_, index) => index)
  // Some batches have drop-ins for all files.
  const common = fc.sample(commonDropIns, { seed, numRuns: batches.length })
  const counts = new Map<string, number>()
  const failed: { readonly index: number; readonly common: readonly DropIn[] }[] = []
  // While Quadlet reads one batch, ours reads another.
  const judgeBatches = async (root: string) => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const start = batch * batchSize
      const dropIns = common[batch] ?? []
      const judgements = await judge(quadlet, root, files.slice(start, start + batchSize), dropIns)
      for (const [at, judgement] of judgements.entries()) {
        if (explain(judgement) === undefined) failed.push({ index: start + at, common: dropIns })
        for (const name of outcome(judgement)) counts.set(name, (counts.get(name) ?? 0) + 1)
      }
    }
  }
  await Promise.all(['one', 'two'].map(name => judgeBatches(join(directory, name))))

  t.comment(Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a)))
  const both = counts.get('taken by both') ?? 0
  t.ok(both > numRuns / 4, `${both} of ${numRuns} files are taken by both`)
  t.equal(failed.length, 0, 'files whose difference from Quadlet is not documented')
  const [first] = failed
  if (first !== undefined) t.fail(await smallest(first.index, first.common))
})

t.test('.container files', async t => {
  const [major, minor] = quadlet.version
  const podman = [major, minor] as const
  for (const [lines, quadletTakes, oursTakes] of containerCases) {
    const [, judgement] = await judge(quadlet, join(directory, 'root'), [
      { name: 'shared.image', text: sharedImage, dropIns: [] },
      { name: '*.container', text: `[Container]\n${lines}\n`, dropIns: [] },
    ])
    const { quadlet: theirs, ours } = judgement ?? {}
    const taken = [theirs, ours].map(result => result !== undefined && 'words' in result)
    const isTaken =
      quadletTakes === true || (quadletTakes !== false && isAtLeast(podman, quadletTakes))
    t.strictSame(taken, [isTaken, oursTakes], lines, { judgement })
    if (theirs === undefined || ours === undefined || !('words' in theirs && 'words' in ours))
      continue
    t.ok(theirs.words.includes(ours.words.at(-1) ?? ''), `the image of ${lines}`, { judgement })
  }
})

t.test('what containers mount', async t => {
  const root = join(directory, 'root')
  const containers = fc.sample(mountLines, { seed, numRuns: 2000 })
  const [major, minor] = quadlet.version
  const judgements: MountJudgement[] = []
  // A mount without a source ends older Quadlets, and nothing of what they have read becomes a service.
  if (isAtLeast([major, minor], [5, 8]))
    judgements.push(...(await judgeMounts(quadlet, root, containers)))
  else
    for (const lines of containers.slice(0, 200))
      judgements.push(...(await judgeMounts(quadlet, root, [lines])))
  const wrong = judgements.filter(
    ({ quadlet: theirs, ours }) => theirs && ours && theirs.join(' ') !== ours.join(' '),
  )
  t.strictSame(wrong.slice(0, 3), [], `${wrong.length} mount other images`)
  const count = (is: (judgement: (typeof judgements)[number]) => boolean | undefined) =>
    judgements.filter(is).length
  const mount = count(({ quadlet: theirs }) => theirs && theirs.length > 0)
  const refused = count(({ quadlet: theirs, ours }) => theirs && !ours)
  t.comment({ mount, refused, refusedByQuadlet: count(({ quadlet: theirs }) => !theirs) })
  t.ok(mount > judgements.length / 10, `${mount} mount an image`)
  t.ok(refused < mount / 2, `${refused} are refused here only`)
})

t.test('applications in the likeness of real ones', async t => {
  const random = new Random(`${seed}`)
  const applications = Array.from({ length: 220 }, (_, index) =>
    makeApplication(random, `app${index}`),
  )
  const files = applications.flatMap(({ files: all }) =>
    Object.keys(all).filter(file => quadletKind(file) !== undefined),
  )
  t.ok(files.length > 600, `${files.length} files`)
  const judgements = await judgeApplications(quadlet, join(directory, 'root'), applications)
  const both = judgements.filter(each => each.quadlet && each.ours)
  const wrong = both.filter(each => !isDeepStrictEqual(each.quadlet, each.ours))
  t.strictSame(wrong.slice(0, 2), [], `${wrong.length} get another image or option`)
  const silent = judgements.filter(each => each.quadlet && !each.ours && each.refusals.length === 0)
  t.strictSame(silent.slice(0, 2), [], `${silent.length} are left out without a word`)

  const refused = judgements.filter(each => each.quadlet && each.refusals.length > 0)
  const reasons = [...Object.values(differences).map(({ refusal }) => refusal), unitInName]
  const unexplained = refused.flatMap(each =>
    each.refusals.filter(reason => !reasons.some(known => known?.test(reason) === true)),
  )
  t.strictSame(unexplained, [], 'refused for a reason that docs/quadlet-differences.md lacks')
  t.comment({ bound: judgements.length, both: both.length, refused: refused.length })
  t.ok(both.length > judgements.length * 0.7, `${both.length} are taken by both`)
})

/** docs/specs.md, "Keys of the other sections". */
const unitInName = /^Image= of \S+ has a specifier that means another image in this file$/u

const commonDropIns = fc.oneof(
  { weight: 2, arbitrary: fc.constant<readonly DropIn[]>([]) },
  dropInsIn(['image.d']).map(all => all.filter(({ text }) => !/Bogus|garbage|Image=/u.test(text))),
)

function outcome(judgement: Judgement): readonly string[] {
  const { quadlet, ours } = judgement
  const takers = ['words' in quadlet ? ['Quadlet'] : [], 'words' in ours ? ['us'] : []].flat()
  const taken = takers.length === 2 ? 'taken by both' : `taken by ${takers[0] ?? 'nobody'}`
  return [taken, ...new Set(explain(judgement) ?? ['NOT EXPLAINED'])]
}

/** Lets fast-check make a failing file smaller, and shows what is left of it. */
async function smallest(index: number, common: readonly DropIn[]): Promise<string> {
  let last = ''
  const property = fc.asyncProperty(imageFiles, async file => {
    const [judgement] = await judge(quadlet, join(directory, 'root'), [file], common)
    const explained = judgement === undefined || explain(judgement) !== undefined
    if (!explained) last = JSON.stringify({ ...judgement, common }, undefined, 2)
    return explained
  })
  const options = { seed, path: `${index}`, numRuns: 1, interruptAfterTimeLimit: 30_000 }
  await fc.check(property, options)
  return last
}
