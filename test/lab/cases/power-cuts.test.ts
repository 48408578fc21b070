// Power cuts in the middle of an update: what was not synced is gone. `make campaign` makes more of them, also on
// XFS; SEED=N draws others.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { runCampaign, subjectOptions } from '../campaign/campaign.ts'
import { expectKept, seedsFrom } from '../campaign/report.ts'
import { publish, stageAgain } from '../campaign/run.ts'
import { damagedImages } from '../campaign/damaged-images.ts'
import { storeFaults } from '../campaign/leftovers.ts'
import { Subject } from '../campaign/subject.ts'
import { Lab } from '../lab.ts'
import { seed } from '../../judges/seed.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const onExt4 = { kind: 'power', store: 'plain' } as const

t.test(
  'between the layers of an image: what is left of it does not stop the next pull',
  async t => {
    const subject = await Subject.make(lab, await lab.registry(), await subjectOptions(lab, onExt4))
    const { host, registry } = subject
    const shared = { name: 'shared', size: 'many files', delayMs: 0 } as const
    const small = { name: 'small', size: 'small', delayMs: 0 } as const
    const late = { size: 'big', delayMs: 600_000 } as const
    const next = await publish(subject, 'next', [
      { name: 'a', layers: [shared, small, { name: 'a', ...late }] },
      { name: 'b', layers: [small, shared, { name: 'b', ...late }] },
    ])
    const layers = () => {
      const file = join(host.var, 'lib/containers/storage/overlay-layers/layers.json')
      return readFileSync(file, 'utf8').split('"id":').length
    }
    const before = layers()
    await host.stage(next.name)
    // The other image waits for the layers that both have.
    while (layers() < before + 2) await sleep(20)
    await subject.cutPower()
    await host.boot()
    t.ok(layers() > before, 'podman knows layers that belong to no image')
    const { stdout: version } = await host.run('podman version --format "{{.Client.Version}}"')
    const check = await host.run('podman system check')
    if (Number.parseInt(version, 10) >= 6)
      t.match(check, { exitCode: 0 }, 'each of them was synced before podman knew it')

    registry.heal()
    t.strictSame(await stageAgain(host, next), [])
    t.strictSame(await damagedImages(host, next.images), [])
    t.strictSame(await storeFaults(host), [])
    await subject.discard()
  },
)

t.test('at random moments', async t => {
  await runCampaign(lab, onExt4, seedsFrom(seed, 10), outcome => expectKept(t, outcome))
})

t.test('without "sync -f", promises are broken, and these tests see it', async t => {
  const violations: string[] = []
  // More than once, because a sync(2) of whatever else shuts down on this machine writes everything out.
  for (let tries = 0; tries < 6 && violations.length === 0; tries++)
    await runCampaign(
      lab,
      { ...onExt4, withoutSync: true },
      // after the finalization, when nothing else could have written the images out
      seedsFrom(1, 1),
      outcome => violations.push(...outcome.violations),
    )
  t.not(violations.length, 0)
})
