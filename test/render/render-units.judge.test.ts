// Whatever stands in specs, the units have the directives they are to have and no others, and the command
// is the one that was decided.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { defaultSettings } from '../../lib/config/settings.ts'
import { planRequest } from '../../lib/request/plan-request.ts'
import { readRequest } from '../../lib/request/request.ts'
import { render } from '../render-root.ts'
import { defaultStore } from '../../lib/facts/image-store.ts'
import { pullCommand } from '../../lib/render/pull-command.ts'
import { decodeCommandLine } from '../judges/decode-command-line.ts'
import { hostileFiles } from '../judges/hostile-files.ts'
import { seed } from '../judges/seed.ts'
import { writeBatch, type SpecFile } from '../judges/spec-file.ts'
import { linesOf } from '../judges/unit-skeleton.ts'

const numRuns = 2000

const podmanVersion = [5, 8] as const
const facts = {
  systemdVersion: 257,
  podmanVersion,
  imageStore: defaultStore,
  settings: defaultSettings,
  temporaryDirectory: '/var/tmp',
  libraryDirectory: '/usr/lib/bootc-bound-images',
}
const hostDropIn = 'bootc-pending-.service.d/20-host.conf'
const harmless = { name: '*.image', text: '[Image]\nImage=registry.example/app:1\n', dropIns: [] }

t.setTimeout(600_000)

t.test('hostile specs', t => {
  const root = join(t.testdir(), 'root')
  const read = (files: readonly SpecFile[]) => {
    try {
      writeBatch(root, files)
      const request = readRequest(root, { ...facts, hostRoot: undefined })
      return {
        plan: planRequest(request, facts.settings),
        units: new Map(render(request, facts).map(u => [u.name, u.contents])),
      }
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
  const { plan, units } = read([harmless])
  const [targetKeys, pullKeys] = [plan.target, plan.pulls[0]?.unit ?? ''].map(name =>
    keysOf(units.get(name) ?? ''),
  )

  let pulls = 0
  const files = fc.sample(hostileFiles, { seed, numRuns })
  for (let start = 0; start < numRuns; start += 200) {
    const batch = read(files.slice(start, start + 200))
    pulls += batch.plan.pulls.length
    const names = [batch.plan.target, hostDropIn, ...batch.plan.pulls.map(({ unit }) => unit)]
    t.strictSame([...batch.units.keys()].toSorted(), names.toSorted(), 'the units of the plan')
    const pattern = /^bootc-[0-9a-z-]+(?:-image\.service|\.target|-\.service\.d\/20-host\.conf)$/u
    t.ok(names.every(name => pattern.test(name)))
    t.equal(batch.units.get(hostDropIn), units.get(hostDropIn), 'no spec is in the drop-in')
    const target = keysOf(batch.units.get(batch.plan.target) ?? '')
    t.strictSame([...new Set(target)], targetKeys, 'the directives of the target')
    const wrong = batch.plan.pulls.flatMap(({ unit, boundImage, entries, after }) => {
      // The one line that not every unit has: what it waits for.
      const lines = linesOf(batch.units.get(unit) ?? '').filter(
        ({ key, value }) => !(key === 'After' && value === after.join(' ')),
      )
      const commands = lines.filter(({ key }) => key === 'ExecStart')
      const words = commands.map(({ value }) => decodeCommandLine(value, {}))
      const expected = {
        keys: pullKeys,
        words: [
          [
            '/usr/lib/bootc-bound-images/until-stalled',
            ...pullCommand(boundImage, podmanVersion, defaultStore),
          ],
        ],
      }
      const found = { keys: lines.map(({ key }) => key), words }
      return JSON.stringify(found) === JSON.stringify(expected)
        ? []
        : [{ entries, found, expected }]
    })
    t.strictSame(wrong, [], `the units of specs ${start} to ${start + 199}`)
  }
  t.ok(pulls > numRuns / 5, `SEED=${seed}: ${pulls} of ${numRuns} specs are pulled`)
  t.end()
})

function keysOf(unit: string): readonly string[] {
  return linesOf(unit).map(({ key }) => key)
}
