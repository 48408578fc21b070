// Hosts that go down at a random moment between staging and the first boot of the new version, or lose their
// registry, podman or our own program there. `make campaign` does it hundreds of times; SEED=N draws others.
import t from 'tap'
import { runCampaign } from '../campaign/campaign.ts'
import { expectKept, seedsFrom } from '../campaign/report.ts'
import { Lab } from '../lab.ts'
import { seed } from '../../judges/seed.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())

t.test('at random moments', async t => {
  await runCampaign(lab, { kind: 'crash' }, seedsFrom(seed, 12), outcome => expectKept(t, outcome))
})
